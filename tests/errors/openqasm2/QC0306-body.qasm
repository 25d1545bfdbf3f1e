OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
gate look a { h a; measure a -> c; }
gate clear a { reset a; }
