"""A program on qubits with every kind of output that states are kept for."""

BODY = """
    qubit q[3]; param w[4]; input a[2]; observable H = Z[0] Z[1] + 0.5*X[1] - 0.3*Y[2];
    ry(w[0]) q[0]; rx(a[0]*w[1]) q[1]; cx q[0], q[1]; ry(w[2] + a[1]) q[2]; rzz(sin(w[3])) q[1], q[2]; rx(0.4) q[0];
    ccx q[0], q[2], q[1];
"""
OUTPUTS = {
    "one": "expect(H)",
    "several": "expect(H), expect(Z[0]), expect(X[1])",
    "probabilities": "probs(q[2], q[0])",
    "all probabilities": "probs(q[1], q[2], q[0]), expect(Z[1])",
    "words that are shared": "probs(q[0], q[1]), expect(Z[1]), expect(w[1]*Z[1] + 0.5*Z[0]), probs(q[1])",
    "trained coefficients": "expect(w[1]*w[0]*Z[1] + a[0]*X[0] + 0.2*Y[2]), expect(sin(w[3])*Z[0] Z[2] + a[1]**2)",
    "spreads": "var(H), cov(Z[0], X[1] + Z[2])",
    "spreads that are trained": "expect(Z[0]), var(w[0]*Z[1] + X[0]), cov(a[0]*Z[0], Z[2]), probs(q[0])",
    "numbers": "expect(0.7 + w[2])",
}
