OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
hh q[0];
cnot q[0], q[1];
rzz(0.3) q[0], q[1];
gate mine a { ryy a; }
mine q[0];
CZ q[0], q[1];
q q[0];
