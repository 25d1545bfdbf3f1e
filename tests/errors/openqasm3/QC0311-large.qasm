OPENQASM 3.0;
include "stdgates.inc";
qubit[10000000] q;
for int i in [0:1000000000] { x q; }
int[5000] n;
array[float[64], 1000, 1000] a;
qubit r;
pow(10000000) @ h r;
