OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
h q[0;
rx(0.5 q[0];
x q[1]];
