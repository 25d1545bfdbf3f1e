OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
qreg r[2];
cx q, r;
measure q -> c;
measure q[0] -> c;
