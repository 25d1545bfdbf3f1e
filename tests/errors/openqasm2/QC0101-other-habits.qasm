OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
rz(2**0.5) q[0];
cx q[0], q[1], ;
if (c[0] == 1) x q[0];
if (c == 1) { x q[0]; }
c[0] = measure q[0];
measure q[1];
qreg r;
gate pair(t) a[0], b[0] { cx a, b; }
gate nameless { }
ctrl @ x q[0], q[1];
h q[i];
h;
h 0;
