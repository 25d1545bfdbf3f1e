OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
cx q[1], q[1];
ccx q[0], q[1], q[0];
cx q, q[2];
