OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
OPENQASM 2.0;
gate pair a, b { qreg r[2]; cx a, b; }
