OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
qreg q[2];
creg q[2];
gate pair a, b { cx a, b; }
gate pair a, b { cz a, b; }
gate same(a) a { rx(a) a; }
