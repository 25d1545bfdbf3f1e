OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
gate again a { h a; again a; }
gate h a { h a; }
