OPENQASM 3.0;
include "stdgates.inc";
qubit q;
if (true) {
  qubit r;
  gate g a { x a; }
  input float w;
}
return 1;
break;
OPENQASM 3.0;
