OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
hh q[0];
CNOT q[0], q[1];
toffoli q[0], q[1], q[2];
late q[0];
mystery q[0];
gate late a { later a; }
gate later a { h a; }
