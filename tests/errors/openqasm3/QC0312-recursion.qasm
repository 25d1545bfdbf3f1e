OPENQASM 3.0;
include "stdgates.inc";
gate f a { f a; }
def g(qubit a) { g(a); }
qubit q;
g(q);
