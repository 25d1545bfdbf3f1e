"""Published and independently computed numbers."""

from collections.abc import Callable

import numpy as np
import pytest

from qcompile.angle import Element, number, parameter, pi_times
from qcompile.gates import TABLE
from qcompile.grammar import parse
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Component,
    Evaluation,
    Expectation,
    Gradient,
    Op,
    Program,
    Reading,
    Row,
    Shifted,
    Template,
)
from qcompile.operator import operator
from qcompile.targets.simulator import Options, evaluate, run
from qcompile.targets.simulator.tensor_operators import act

CIRCUIT = """
qubit q[2]; param a; param b; param c;
rx(a) q[0]; ry(b) q[1]; cx q[0], q[1]; rx(c) q[1];
return expect(Z[1]), var(Z[1]);
"""
AT = {"a": 0.1, "b": 0.2, "c": 0.3}
# Jordan-Wigner, STO-3G, 0.7414 angstrom, nuclear repulsion included; hartree
H2 = {
    "IIII": -0.09886397745767511, "ZIII": 0.1711977493802634, "IZII": 0.17119774938026341,
    "ZZII": 0.1686221919601558, "IIZI": -0.22278592618845972, "ZIZI": 0.12054482197285082,
    "IZZI": 0.16586702387479024, "YXXY": 0.04532220190193944, "YYXX": -0.04532220190193944,
    "XXYY": -0.04532220190193944, "XYYX": 0.04532220190193944, "IIIZ": -0.22278592618845972,
    "ZIIZ": 0.16586702387479024, "IZIZ": 0.12054482197285082, "IIZZ": 0.174348441083318,
}  # fmt: skip


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


def h2_text() -> str:
    words = ((" ".join(f"{c}[{k}]" for k, c in enumerate(word) if c != "I"), value) for word, value in H2.items())
    return " + ".join(f"({value})*{word}" if word else f"({value})" for word, value in words)


def by_hand() -> Adjoint:
    """The reverse schedule of CIRCUIT, written without the differentiation pass."""
    a, b, c = parameter("a"), parameter("b"), parameter("c")
    reverse = (
        Gradient(0, operator((0.5, "X1"))), Op(TABLE["rx"], (1,), (-c,)), Op(TABLE["cx"], (0, 1)),
        Gradient(1, operator((0.5, "Y1"))), Op(TABLE["ry"], (1,), (-b,)),
        Gradient(2, operator((0.5, "X0"))), Op(TABLE["rx"], (0,), (-a,)),
    )  # fmt: skip
    components = tuple(
        AdjointComponent(output, Element(name), ((number(1.0), slot),))
        for output in range(2)
        for name, slot in (("a", 2), ("b", 1), ("c", 0))
    )
    return Adjoint(program(CIRCUIT), reverse, 3, components)


def shifted_by_hand() -> Shifted:
    """d⟨Z1⟩/dc of CIRCUIT and of its second probability, by two rows."""
    text = CIRCUIT.replace("param c;", "param c; slot s;").replace("rx(c)", "rx(c + s)")
    template = Template("t", program(text.replace("var(Z[1])", "probs(q[1])")))
    slot = Element("s")
    rows = (Row(0), Row(0, ((slot, pi_times(1, 2)),)), Row(0, ((slot, pi_times(-1, 2)),)))

    def slope(output: int) -> tuple[Reading, ...]:
        weights = ((0.5, 1), (-0.5, 2))
        return tuple(Reading(number(weight), (Evaluation(row, output),)) for weight, row in weights)

    square = Reading(parameter("c"), (Evaluation(0, 0), Evaluation(0, 0)))
    components = (
        Component(0, (Element("c"),), slope(0)),
        Component(1, (Element("c"),), slope(1)),
        Component(0, (), (square, Reading(number(2.0), ()))),
    )
    return Shifted((template,), rows, components)


def test_the_small_circuit_in_full() -> None:
    """Would catch a wrong sign or factor in expectations and variances."""
    value, variance = run(program(CIRCUIT), AT)
    assert np.allclose(value, 0.9316157966884512, rtol=0, atol=1e-13)
    assert np.allclose(variance, 0.13209200736, rtol=0, atol=1e-11)


def test_its_gradients_by_an_adjoint_program() -> None:
    """Would catch a wrong sign, order or factor in the sweep, of expectations and of variances."""
    found = [float(component[0]) for component in evaluate(by_hand(), AT, Options())]
    assert np.allclose(found[:3], (-0.09347337, -0.18884787, -0.28818254), rtol=0, atol=1e-8)
    assert np.allclose(found[3:], (0.17416253, 0.35186732, 0.53695081), rtol=0, atol=1e-8)


def test_its_gradients_by_shifted_circuits() -> None:
    """Would catch slots left unset, weights unread, vector outputs or products combined wrongly."""
    slope, slopes, square = evaluate(shifted_by_hand(), AT, Options())
    assert np.allclose(slope, -0.28818254, rtol=0, atol=1e-8)
    assert np.allclose(slopes, [[-0.14409127, 0.14409127]], rtol=0, atol=1e-8)
    assert np.allclose(square, 0.3 * 0.9316157966884512**2 + 2, rtol=0, atol=1e-12)


@pytest.mark.parametrize("make", [by_hand, shifted_by_hand])
def test_derivatives_take_batches(make: Callable[[], Adjoint | Shifted]) -> None:
    """Would catch rows of the module mixed with rows of the batch."""
    settings = ((0.1, 0.3), (0.5, 1.0), (-2.0, 2.0))
    batch = np.array(settings).T
    together = evaluate(make(), {"a": batch[0], "b": 0.2, "c": batch[1]}, Options())
    for row, (a, c) in enumerate(settings):
        single = evaluate(make(), {"a": a, "b": 0.2, "c": c}, Options())
        assert all(
            np.allclose(one[row], other[0], rtol=0, atol=1e-13) for one, other in zip(together, single, strict=True)
        )


def test_h2_has_its_exact_energies() -> None:
    """Would catch an operator with a wrong letter or sign: Hartree-Fock, exact, and along the double excitation."""
    hartree_fock = program(f"qubit q[4]; x q[0]; x q[1]; return expect({h2_text()});")
    assert np.allclose(run(hartree_fock, {})[0], -1.1166843871, rtol=0, atol=1e-9)
    (output,) = hartree_fock.outputs
    assert isinstance(output, Expectation)
    columns = act(output.observable.operator, {}, np.eye(16, dtype=complex).reshape(16, 2, 2, 2, 2))
    assert np.isclose(np.linalg.eigvalsh(columns.reshape(16, 16))[0], -1.1372701747, rtol=0, atol=1e-9)
    ansatz = "qubit q[4]; param t; x q[0]; x q[1]; double_excitation(t) q[0], q[1], q[2], q[3];"
    (energies,) = run(program(f"{ansatz} return expect({h2_text()});"), {"t": np.linspace(-1, 1, 4001)})
    assert np.isclose(energies.min(), -1.1372701747, rtol=0, atol=1e-7)


def test_qaoa_on_the_ring_of_six() -> None:
    """Would catch a wrong factor in RZZ or RX, and a broadcast over a register that misses wires."""
    edges = " ".join(f"rzz(2*g) q[{k}], q[{(k + 1) % 6}];" for k in range(6))
    cost = " + ".join(f"Z[{k}] Z[{(k + 1) % 6}]" for k in range(6))
    text = f"qubit q[6]; param g; param b; h q; {edges} rx(2*b) q; return expect({cost});"
    step = 1e-6
    settings = {"g": [0.3, 0.3 + step, 0.3 - step, 0.3, 0.3], "b": [0.4, 0.4, 0.4, 0.4 + step, 0.4 - step]}
    (values,) = run(program(text), settings)
    assert np.isclose(values[0], 2.794925002007311, rtol=0, atol=1e-12)
    assert np.isclose((values[1] - values[2]) / (2 * step), 4.34643895, rtol=0, atol=1e-7)
    assert np.isclose((values[3] - values[4]) / (2 * step), -0.32658115, rtol=0, atol=1e-7)


def test_light_on_a_beam_splitter() -> None:
    """Would catch another convention of displacement or beam splitter, in either engine."""
    text = "qumode m[2]; param r; param t; displace(r, 0) m[0]; beamsplit(t, 0) m[0], m[1]; return expect(n[0]);"
    for options in (Options(engine="tensor", cutoff=14), Options(engine="gaussian")):
        (value,) = run(program(text), {"r": 0.5, "t": 0.3}, options)
        assert np.allclose(value, 0.22816695186, rtol=0, atol=1e-10)
