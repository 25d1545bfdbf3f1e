// a program of the future
OPENQASM 4.0;
qubit q;
