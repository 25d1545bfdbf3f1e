OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
qubit[3] r;
bit[3] c;
cx q, r;
c = measure q;
bit[2] d = "101";
def f(qubit[2] a) { x a; }
f(r);
array[int[8], 2] a = {1, 2, 3};
if (c == "11") x q[0];
