OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
def f(qubit a) { x a; }
inv @ f q[0];
gate g a { reset a; measure a; int n = 3; f(a); }
input float w;
pow(w) @ h q[0];
