OPENQASM 3.0;
include "stdgates.inc";
qubit q[4];
int a, b;
for i in range(4) { x r[i]; }
if c == 1 { x r[0]; }
while (n = 3) { n += 1; }
switch (n) { case 1: x r[0]; }
gate g a[0] { x a; }
gate h2(t) { x a; }
def f(r) { x r; }
ctrl x r[0], r[1];
const n = 4;
input theta;
cx 0, 1;
x r[0] r[1];
elif (c) { x r[0]; }
# a comment
rx(45°) r[0];
n++;
