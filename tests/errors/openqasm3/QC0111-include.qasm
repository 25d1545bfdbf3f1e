OPENQASM 3.0;
include "missing.inc";
include "../qasm.inc";
include "/etc/passwd";
qubit q;
