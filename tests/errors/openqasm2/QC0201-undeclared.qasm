OPENQASM 2.0;
include "qelib1.inc";
qreg q[3];
creg c[2];
h r[0];
measure q[0] -> d[0];
rx(theta) q[0];
rx(log(2)) q[0];
if(k==1) x q[0];
gate turn(angle) a { rx(angel) a; h b; }
