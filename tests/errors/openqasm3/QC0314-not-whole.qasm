OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
x q[0.5];
for int i in [0:1.5] x q[0];
