OPENQASM 2.0;
// nothing
