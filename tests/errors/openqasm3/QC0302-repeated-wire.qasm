OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
cx q[1], q[1];
ctrl @ swap q[0], q[2], q[0];
let both = q[0:1] ++ q[1:2];
cx q[0], q[0:1];
