OPENQASM 3.0;
include "stdgates.inc";
qubit[2] qreg1;
bit[2] c;
h qreg2[0];
c[0] = measure r[0];
d = measure qreg1[0];
rx(theta) qreg1[0];
if (result) x qreg1[0];
rx(asin(0.5)) qreg1[1];
def f(qubit t) { if (c[0]) x t; }
f(qreg1[0]);
x $2;
