OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] q;
gate g a { x a; }
gate g a { y a; }
gate h a { x a; }
int t = 3;
rx(t) q[0];
def g(qubit a) { x a; }
