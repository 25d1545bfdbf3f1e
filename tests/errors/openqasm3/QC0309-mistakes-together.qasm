OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
hh q[0];
h r[0];
x q[2];
cx q[0], q[0];
cx q[0];
rx q[0];
bit[2] c;
gate f a { f a; }
rx(1/0) q[0];
if (1.5) x q[0];
