OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
int n = 3;
if (n) x q[0];
if (c) x q[0];
if (q[0]) x q[1];
rx(true) q[0];
rx(c) q[0];
bool b = 1.5;
float f = c;
n(q[0]);
x n;
q = 3;
const int k = 1;
k = 2;
switch (c) { case 0 { x q[0]; } }
def g(int[8] i, qubit a) { x a; }
g(q[0], n);
delay[100] q[0];
int w = g(1, q[0]);
