OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
extern vote(bit[3]) -> bit;
stretch a;
duration d = durationof({x $0;});
defcal x q { play drive(q), gaussian(100, 30, 5); }
cal { extern frame f; }
box[100ns] { x q[0]; }
bit c = vote("101");
qubit[13] w;
uint[13] n = measure w;
