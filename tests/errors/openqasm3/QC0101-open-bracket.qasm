OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
rx(pi/2 q[0];
x q[0;
