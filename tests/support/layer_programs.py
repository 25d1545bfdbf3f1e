"""Programs that every framework's layers are tested with."""

PROGRAMS = {
    "shared": """
        qubit q[3]; param w[3]; input a[2]; observable H = Z[0] + 0.5*X[1] Y[2];
        ry(w[0]) q[0]; ry(-2*w[0] + 0.3) q[1]; cx q[0], q[1]; rx(w[1] + a[0]) q[1]; crz(w[2]) q[1], q[2]; ry(a[1]) q[2];
        cx q[2], q[0]; rx(w[1]) q[2];
        return expect(H);
    """,
    "bent": """
        qubit q[2]; param w[2]; param u; input a;
        ry(sin(w[0])*a) q[0]; rxx(w[1]**2) q[0], q[1]; rz(exp(0.5*u)) q[1]; h q[1];
        return expect(Z[0] + u*X[1]);
    """,
    "several": """
        qubit q[3]; param w[3]; input a[2];
        ry(w[0]) q[0]; ry(2*w[1]) q[1]; cx q[0], q[1]; rx(w[2]*w[1] + a[0]) q[1]; ry(a[1]) q[2]; cx q[2], q[0];
        return expect(Z[0]), var(Z[1] + a[0]*X[0]), probs(q[2], q[0]), cov(Z[0], Z[1]), expect(w[0]*Y[1]);
    """,
    "fed forward": """
        qubit q[2]; bit c; param w[3];
        ry(w[0]) q[0]; ry(2*w[1]) q[1]; cx q[0], q[1]; c = measure q[0]; if (c) { rx(w[2]) q[1]; }
        return expect(Z[1]), probs(q[1]);
    """,
    "noisy": """
        qubit q[2]; param w[2]; input a;
        ry(w[0] + a) q[0]; cx q[0], q[1]; depolarizing(0.1) q[0]; rx(w[1]) q[1];
        return expect(Z[0] Z[1]);
    """,
    "gaussian": """
        qumode m[2]; param w[3]; input a;
        displace(a, 0) m[0]; beamsplit(w[0], 0) m[0], m[1]; squeeze(w[1], 0) m[0]; rotate(w[2]) m[0];
        return expect(x[0] + 0.5*n[1]), var(p[0]);
    """,
    "cut": """
        qumode m[2]; param w[2]; input a;
        displace(a, 0) m[0]; kerr(w[0]) m[0]; beamsplit(w[1], 0) m[0], m[1];
        return expect(x[0]), expect(n[1]);
    """,
    "photons": """
        qumode m[2]; param w[2]; input a;
        displace(a, 0) m[0]; squeeze(w[0], 0) m[0]; beamsplit(w[1], 0) m[0], m[1];
        return probs(m[1]);
    """,
    "bare": "qubit q; h q; return expect(X[0]), probs(q);",
}
TWICE = [name for name in PROGRAMS if name not in ("cut", "photons")]  # that have second derivatives
