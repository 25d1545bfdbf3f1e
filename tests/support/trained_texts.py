"""Hypothesis strategies for texts of programs of every family, trained by `a`, `b` and `c`."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from random_programs import GAUSSIAN_GATES, QUBIT_GATES

from qcompile.gates import TABLE, Gate

NAMES = ("a", "b", "c")
OWN = """gate commuting(t) a, b generator 0.5*X[a] X[b] - 0.3*Y[a] Y[b] + 0.25*Z[a] Z[b];
gate tilted(t) a, b generator 0.4*X[a] + 0.7*Z[a] Z[b];
gate driven(s, t) a, b generator s*(X[a] X[b] + Z[a] Z[b]) + (1 - sin(t))*X[a] + 0.3*Z[b];
gate shared(s, t) a, b { ry(s + t) a; cx a, b; crx(-2*s) b, a; rz(t/2) b; }
gate fixed a = [[0.6, 0.8im], [0.8im, 0.6]];
"""
FLIPS = [gate for gate in TABLE.values() if gate.channel and set(gate.wires) == {"qubit"}]
HYBRID = [gate for gate in TABLE.values() if len(set(gate.wires)) == 2 and gate.is_unitary]
NOT_GAUSSIAN = [
    gate
    for gate in TABLE.values()
    if set(gate.wires) == {"qumode"} and gate.is_unitary and not any(gate is other for other in GAUSSIAN_GATES)
]
_Draw = st.DrawFn


@st.composite
def angles(draw: _Draw) -> str:
    """Shared, scaled, negated, summed, multiplied and under a function; or constant."""
    name, other = draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES))
    scale = draw(st.sampled_from(["", "", "-", "2*", "-0.5*", "3*"]))
    constant = draw(st.sampled_from(["0.7", "-1.3", "pi/2", "pi", "-pi/4"]))
    forms = [scale + name] * 4 + [f"{scale}{name} + {other}", f"sin({name})", f"{name}*{other}", constant]
    return draw(st.sampled_from(forms))


_ANGLES = angles()


@st.composite
def small_angles(draw: _Draw) -> str:
    """Of light, which a cut Fock space holds little of."""
    name = draw(st.sampled_from(NAMES))
    scale = draw(st.sampled_from(["0.1*", "-0.1*", "0.05*"]))
    return draw(st.sampled_from([scale + name, f"{scale}{name} + 0.1", f"0.1*sin({name})", "0.1"]))


@st.composite
def strengths(draw: _Draw) -> str:
    """Between 0.1 and 0.9."""
    name = draw(st.sampled_from(NAMES))
    return draw(st.sampled_from(["0.25", f"0.5 + 0.4*sin({name})", f"0.2 + 0.1*sin(2*{name})", f"0.3 + 0.1*{name}"]))


@st.composite
def applied(
    draw: _Draw, gates: Sequence[Gate], qubits: int, qumodes: int, arguments: st.SearchStrategy[str] = _ANGLES
) -> str:
    """A gate of these that there are wires for; inverted or under controls at times."""
    counts = {"qubit": qubits, "qumode": qumodes}
    gate = draw(st.sampled_from([g for g in gates if all(g.wires.count(kind) <= n for kind, n in counts.items())]))
    free = {"qubit": draw(st.permutations(range(qubits))), "qumode": draw(st.permutations(range(qumodes)))}
    modifiers, controls = "", list[str]()
    if gate.is_unitary and draw(st.integers(0, 4)) == 0:
        modifiers = "inv @ "
    if gate.is_unitary and "qumode" not in gate.wires and gate.wires.count("qubit") < qubits and draw(st.booleans()):
        modifiers += draw(st.sampled_from(["ctrl @ ", "negctrl @ ", "", ""]))
    if "ctrl" in modifiers:
        controls.append(f"q[{free['qubit'].pop()}]")
    wires = [f"{'q' if kind == 'qubit' else 'm'}[{free[kind].pop()}]" for kind in gate.wires]
    own = ", ".join(draw(arguments) for _ in gate.parameters)
    return f"{modifiers}{gate.name}{f'({own})' if own else ''} {', '.join([*controls, *wires])};"


@st.composite
def layers(draw: _Draw, qubits: int) -> str:
    """One angle on all neighbours, or an own gate."""
    if qubits < 2:
        return f"rx({draw(angles())}) q;"
    if draw(st.booleans()):
        gate = draw(st.sampled_from(["rzz", "rxx", "crz", "cp", "xy"]))
        return f"for i in 1:{qubits} {{ {gate}({draw(angles())}) q[i - 1], q[i]; }}"
    own = draw(
        st.sampled_from(["commuting({})", "tilted({})", "shared({}, {})", "inv @ shared({}, {})", "driven({}, {})"])
    )
    first, second = draw(st.permutations(range(qubits)))[:2]
    return f"{own.format(draw(angles()), draw(angles()))} q[{first}], q[{second}];"


def unitary_lines(qubits: int) -> st.SearchStrategy[str]:
    one = applied(QUBIT_GATES, qubits, 0)
    return st.one_of(one, one, layers(qubits), st.just("fixed q[0];"))


@st.composite
def dynamic_lines(draw: _Draw, qubits: int, depth: int = 0) -> str:
    """Gates, measurements into m[0] and m[1], resets, branches and loops on these bits."""
    kind = draw(st.integers(0, 11))
    wire, bit = draw(st.integers(0, qubits - 1)), draw(st.integers(0, 1))
    if kind == 0:
        return f"m[{bit}] = measure q[{wire}];"
    if kind == 1:
        return f"reset q[{wire}];"
    if depth < 2 and kind in (2, 3, 4):
        inner = [draw(dynamic_lines(qubits, depth + 1)) for _ in range(draw(st.integers(1, 2)))]
        sign = draw(st.sampled_from(["", "!"]))
        if kind == 2:
            return f"while ({sign}m[{bit}]) limit 2 {{ {' '.join(inner)} m[{bit}] = measure q[{wire}]; }}"
        other = f" else {{ {draw(dynamic_lines(qubits, depth + 1))} }}" if kind == 3 else ""
        return f"if ({sign}m[{bit}]) {{ {' '.join(inner)} }}{other}"
    return draw(unitary_lines(qubits))


def noisy_lines(qubits: int) -> st.SearchStrategy[str]:
    noise = applied(FLIPS, qubits, 0, strengths())
    return st.one_of(dynamic_lines(qubits), noise, unitary_lines(qubits))


@st.composite
def pauli_words(draw: _Draw, qubits: int) -> str:
    letters = draw(st.text("IXYZ", min_size=qubits, max_size=qubits).filter(lambda text: set(text) != {"I"}))
    return " ".join(f"{letter}[{wire}]" for wire, letter in enumerate(letters) if letter != "I")


@st.composite
def qubit_outputs(draw: _Draw, qubits: int) -> str:
    """One or two, the first an expectation."""
    first, second = draw(pauli_words(qubits)), draw(pauli_words(qubits))
    scale = draw(st.sampled_from(["0.5", "0.5", "a", "sin(b)"]))
    others = ["", "", ", probs(q[0])", f", var({first} + 0.5*{second})", f", cov({first}, {second})"]
    return f"return expect({first} + ({scale})*{second}){draw(st.sampled_from(others))};"


def _program(declared: str, lines: Sequence[str], outputs: str) -> str:
    return "\n".join([f"{OWN}{declared} param a; param b; param c;", *lines, outputs])


@st.composite
def qubit_texts(draw: _Draw) -> str:
    qubits = draw(st.integers(1, 4))
    lines = draw(st.lists(unitary_lines(qubits), min_size=2, max_size=8))
    return _program(f"qubit q[{qubits}];", lines, draw(qubit_outputs(qubits)))


@st.composite
def measured_texts(draw: _Draw, noisy: bool, selects: bool) -> str:
    """Two bits are measured first, of turned wires."""
    qubits = draw(st.integers(2, 3))
    start = [f"ry({draw(angles())}) q[0];", f"rx({draw(angles())}) q[1];", "m = measure q[:2];"]
    rest = noisy_lines(qubits) if noisy else dynamic_lines(qubits)
    lines = draw(st.lists(rest, min_size=2, max_size=6))
    if selects:
        lines.insert(draw(st.integers(0, len(lines))), f"postselect m[{draw(st.integers(0, 1))}];")
    return _program(f"qubit q[{qubits}]; bit m[2];", [*start, *lines], draw(qubit_outputs(qubits)))


@st.composite
def prepared_or_lost(draw: _Draw, modes: int) -> str:
    prepared = ["coherent(0.3*a, b)", "squeezed(0.2*b, c)", "thermal(0.2 + 0.1*sin(a))", "vacuum"]
    lost = ["loss({})", "thermal_loss({}, 0.3)", "thermal_loss(0.6, {})"]
    operation = draw(st.sampled_from(prepared + lost)).format(draw(strengths()))
    return f"{operation} m[{draw(st.integers(0, modes - 1))}];"


@st.composite
def gaussian_texts(draw: _Draw) -> str:
    """Preparations, Gaussian gates and losses."""
    modes = draw(st.integers(1, 3))
    one = applied(GAUSSIAN_GATES, 0, modes, small_angles())
    lines = draw(st.lists(st.one_of(one, one, one, prepared_or_lost(modes)), min_size=2, max_size=7))
    return _program(f"qumode m[{modes}];", ["displace(0.3, a) m[0];", *lines], draw(light_outputs(modes)))


@st.composite
def light_outputs(draw: _Draw, modes: int) -> str:
    words = [f"{letter}[{mode}]" for letter in "xpn" for mode in range(modes)] + [f"x[0] x[{modes - 1}]", "p[0] p[0]"]
    first, second = draw(st.sampled_from(words)), draw(st.sampled_from(words))
    other = draw(st.sampled_from(["", "", f", var(x[{modes - 1}])"]))
    return f"return expect({first} + 0.5*{second}){other};"


@st.composite
def fock_texts(draw: _Draw) -> str:
    """Gaussian and other gates on little light."""
    modes = draw(st.sampled_from([1, 1, 2]))
    gates = st.one_of(
        applied(GAUSSIAN_GATES, 0, modes, small_angles()), applied(NOT_GAUSSIAN, 0, modes, st.just("0.02*a"))
    )
    lines = draw(st.lists(gates, min_size=1, max_size=3))
    return _program(f"qumode m[{modes}];", ["displace(0.2, 0.3) m[0];", *lines], draw(light_outputs(modes)))


@st.composite
def hybrid_texts(draw: _Draw) -> str:
    """A qubit and a mode."""
    gates = st.one_of(
        applied(QUBIT_GATES, 1, 1),
        applied(HYBRID, 1, 1, small_angles()),
        applied(GAUSSIAN_GATES, 1, 1, small_angles()),
    )
    lines = draw(st.lists(gates, min_size=2, max_size=6))
    word = draw(st.sampled_from(["x[0]", "p[0]", "n[0]", "Z[0]", "X[0]", "Y[0] x[0]", "Z[0] n[0]", "X[0] p[0]"]))
    return _program(
        "qubit q[1]; qumode m[1];", ["h q[0];", "displace(0.2, a) m[0];", *lines], f"return expect({word});"
    )
