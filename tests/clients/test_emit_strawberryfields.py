"""Emitted Blackbird, read back by Strawberry Fields."""

from typing import Any

import numpy as np
import pytest
from clients import input_values, program_of
from dense import element_values
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_programs import gaussian_programs, values_for

import qcompile as qc
from qcompile.angle import number, parameter
from qcompile.gates import TABLE, Gate
from qcompile.gates.algebra import is_gaussian
from qcompile.grammar import invert
from qcompile.ir import Op, Parameter, Program, Register, State
from qcompile.targets.simulator import Options, run
from qcompile.targets.strawberryfields_import import import_strawberryfields

ROWS = [gate for gate in TABLE.values() if set(gate.wires) == {"qumode"}]
NOT_GAUSSIAN = ["cubic", "kerr", "cross_kerr", "fock"]
# its thermal loss adds the photons to every mode: tests/clients/test_general_programs.py has it on one
GAUSSIAN_ROWS = [gate for gate in ROWS if gate.name not in (*NOT_GAUSSIAN, "thermal_loss")]
AWKWARD = ["q", "q1", "p0", "x", "pi", "name", "Dgate", "lambda", "for", "w_1"]
PREPARED = tuple(
    Op(TABLE[name], (wire,), (number(0.3), number(0.4))) for wire, name in enumerate(("displace", "squeeze"))
)


@pytest.fixture(scope="module")
def sf() -> Any:
    return import_strawberryfields()


def final(sf: Any, text: str, values: dict[str, float] | None = None, cutoff: int | None = None) -> Any:
    """What the engine returns; only the parameters that the text mentions are handed over."""
    program = sf.io.loads(text)
    args = {name: value for name, value in (values or {}).items() if f"{{{name}}}" in text}
    engine = sf.Engine("gaussian") if cutoff is None else sf.Engine("fock", backend_options={"cutoff_dim": cutoff})
    return engine.run(program, args=args)


def moments(sf: Any, program: Program, values: dict[str, float] | None = None) -> NDArray[np.float64]:
    """Means in the first row, the covariance below."""
    state = final(sf, qc.emit(program, "blackbird"), values).state
    return np.vstack([state.means(), state.cov()])


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("gate", GAUSSIAN_ROWS, ids=[gate.name for gate in GAUSSIAN_ROWS])
def test_every_gaussian_row_reads_back(sf: Any, gate: Gate, inverse: bool) -> None:
    """Would catch a wrong spelling or decomposition, modes the wrong way round, an angle cut short."""
    op = Op(gate, (1, 0)[: len(gate.wires)], (number(0.37), number(-1.21))[: len(gate.parameters)])
    op = invert(op) if inverse and gate.is_unitary else op
    program = Program((Register("m", "qumode", 3),), (), (), (*PREPARED, op), (State(),))
    expected = run(program, {}, Options(engine="gaussian"))[0][0]
    np.testing.assert_allclose(moments(sf, program), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "cutoff"),
    [("fock(2) m[0]; kerr(0.3) m[0];", 6), ("displace(0.2, 0) m[0]; kerr(-0.3) m[0];", 9),
     ("fock(1) m[0]; fock(2) m[1]; beamsplit(0.4, 0.2) m[0], m[1]; cross_kerr(0.7) m[0], m[1];", 6)],
)  # fmt: skip
def test_number_diagonal_rows_read_back(sf: Any, text: str, cutoff: int) -> None:
    """Would catch a sign or factor of the gates that only Fock space holds, and a preparation of another number."""
    program = program_of(f"qumode m[2]; {text} return state();")
    state = final(sf, qc.emit(program, "blackbird"), None, cutoff).state
    ours = run(program, {}, Options(cutoff=cutoff))[0][0]
    theirs = np.transpose(state.dm(), (0, 2, 1, 3)).reshape(cutoff**2, cutoff**2)
    np.testing.assert_allclose(np.outer(ours, ours.conj()), theirs, rtol=0, atol=1e-7)


def test_the_cubic_phase_reads_back(sf: Any) -> None:
    """Would catch a wrong factor: it moves the vacuum's momentum by gamma hbar / 2, up to what the cut loses."""
    text = qc.emit(qc.parse("qumode m; param g; cubic(g) m; return expect(p[0]);"), "blackbird")
    state = final(sf, text, {"par_g": 0.05}, 30).state
    assert state.quad_expectation(0, np.pi / 2)[0] == pytest.approx(0.05, abs=1e-4)


@given(gaussian_programs(), st.integers(0, 99))
def test_random_programs_read_back(program: Program, seed: int) -> None:
    """Would catch an angle printed wrong, and anything that optimising and legalizing breaks together."""
    program = Program(program.registers, program.parameters, (), program.body, (State(),))
    values = values_for(program, seed, 0.3)
    known = input_values(program, "blackbird", element_values(program, values))
    expected = run(program, values, Options(engine="gaussian"))[0][0]
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(moments(import_strawberryfields(), program, known), expected, rtol=0, atol=1e-8 * scale)


@pytest.mark.parametrize("name", AWKWARD)
def test_a_parameter_may_be_called_as_the_target_likes_not(sf: Any, name: str) -> None:
    """Would catch a parameter that clashes with a mode, a measured value, a gate or a keyword of Blackbird."""
    angle = parameter(name) * number(-0.5) + parameter("w", 1) + parameter("w", 10) * number(2.0)
    parameters, body = (Parameter(name), Parameter("w", 11)), Op(TABLE["shift_x"], (0,), (angle,))
    program = Program((Register("m", "qumode", 1),), parameters, (), (body,), (State(),))
    elements = {element: 0.1 * k for k, p in enumerate(parameters, 1) for element in p.elements()}
    values = input_values(program, "blackbird", elements)
    assert moments(sf, program, values)[0] == pytest.approx([-0.05 + 0.2 + 0.4, 0.0])


def test_a_mode_that_nothing_acts_on_is_there(sf: Any) -> None:
    """Would catch an idle last mode, which readers only know by name, and an empty program, which they refuse."""
    empty = Program((Register("m", "qumode", 2),), (), (), (), (State(),))
    assert moments(sf, empty).shape == (5, 4)


def test_detectors_run(sf: Any) -> None:
    """Would catch parentheses where Blackbird has none, and a detector on another mode."""
    text = """qumode m[4]; real r[3]; real h[2]; int k;
        shift_x(30) m[0]; r[0] = homodyne(0) m[0]; shift_p(30) m[1]; r[1] = homodyne(pi/2) m[1];
        reset m[0]; shift_x(30) m[0]; r[2] = homodyne(pi/3) m[0]; h = heterodyne m[2]; k = measure m[3];"""
    emitted = qc.emit(qc.parse(text), "blackbird")
    assert [line for line in emitted.splitlines() if line.startswith("Measure")] == [
        "MeasureX | 0", "MeasureP | 1", "MeasureHomodyne(pi/3) | 0", "MeasureHD | 2", "MeasureFock() | 3",
    ]  # fmt: skip
    samples: dict[int, list[Any]] = final(sf, emitted).samples_dict
    found = [float(complex(np.asarray(samples[mode][-1]).item()).real) for mode in range(4)]
    assert found[:2] == pytest.approx([30 * np.cos(np.pi / 3), 30], abs=8)
    assert found[3] == 0


def test_which_rows_are_gaussian() -> None:
    """Would catch a new row that this file tests in neither way."""
    found = {gate.name for gate in ROWS if gate.generator and not is_gaussian(gate.generator)}
    assert found | {"fock"} == set(NOT_GAUSSIAN)
