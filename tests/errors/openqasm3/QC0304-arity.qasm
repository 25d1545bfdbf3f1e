OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
cx q[0];
h q[0], q[1];
ctrl @ x q[0];
ctrl(2) @ x q[0], q[1];
