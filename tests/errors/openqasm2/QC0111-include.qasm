OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
include "missing.inc";
include "../outside.inc";
include "/etc/passwd";
