OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
gate pair(t) a, b {
  rx(t) a;
  cx a, b;
