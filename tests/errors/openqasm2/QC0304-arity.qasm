OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
cx q[0];
h q[0], q[1];
u3(0.1, 0.2, 0.3) q[0], q[1];
