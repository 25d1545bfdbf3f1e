OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
h q[3];
measure q[0] -> c[5];
qreg none[0];
gate single a { h a[0]; }
