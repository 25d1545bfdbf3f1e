OPENQASM 3.0;
include "stdgates.inc";
qubit q;
rx q;
h(0.5) q;
U(0.1, 0.2) q;
pow @ x q;
rx(sin(1, 2)) q;
def f(qubit a, int n) { x a; }
f(q);
