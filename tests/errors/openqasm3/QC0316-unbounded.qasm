OPENQASM 3.0;
include "stdgates.inc";
qubit q;
bit c;
while (!c) {
  h q;
  c = measure q;
}
