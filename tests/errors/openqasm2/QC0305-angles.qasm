OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
rx q[0];
h(0.5) q[0];
u2(0.1) q[0];
cu1(0.1, 0.2) q[0], q[1];
rx(sin(1, 2)) q[0];
