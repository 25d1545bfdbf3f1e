OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
h c[0];
measure c[0] -> c[1];
measure q[0] -> q[1];
if(q==1) x q[0];
