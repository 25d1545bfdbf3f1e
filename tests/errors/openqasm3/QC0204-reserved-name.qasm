OPENQASM 3.0;
include "stdgates.inc";
qubit pi;
gate U a { x a; }
