"""Blackbird's text and Strawberry Fields' programs mean here what they mean there."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from clients import input_values
from dense import element_values
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_programs import gaussian_programs, values_for

import qcompile as qc
from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import read
from qcompile.ir import Probabilities, Program, State
from qcompile.objects.from_strawberryfields import from_strawberryfields
from qcompile.targets.simulator import Options, run
from qcompile.targets.strawberryfields_import import import_strawberryfields

Moments = tuple[NDArray[np.float64], NDArray[np.float64]]
HEAD = "name test\nversion 1.0\n"
START = "Coherent(0.4, 0.7) | 0\nSqueezed(0.5, -0.6) | 1\nDisplacedSqueezed(0.3, 0.2, 0.4, 1.1) | 2\n"


@pytest.fixture(scope="module")
def sf() -> Any:
    return import_strawberryfields()


def program_of(text: str) -> Program:
    made = read(HEAD + text, "blackbird")
    assert isinstance(made, Program)
    return made


def our_moments(program: Program, values: Mapping[str, Any] | None = None) -> Moments:
    program = Program(program.registers, program.parameters, program.definitions, program.body, (State(),))
    found = run(program, values or {}, Options(engine="gaussian"))[0][0]
    return found[0], found[1:]


def their_moments(sf: Any, program: Any, values: dict[str, float] | None = None) -> Moments:
    state = sf.Engine("gaussian").run(program, args=values or {}).state
    return state.means(), state.cov()


def assert_same(ours: Moments, theirs: Moments, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(ours[0], theirs[0], rtol=0, atol=atol)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=0, atol=atol)


@pytest.mark.parametrize(
    "line",
    [
        "Dgate(0.3, 0.4) | 0", "Dgate(0.3) | 1", "Xgate(0.5) | 2", "Zgate(-0.5) | 0", "Sgate(0.3, 0.2) | 1",
        "Sgate(0.3) | 0", "Rgate(0.7) | 2", "Rgate(theta=0.7) | 0", "Pgate(0.4) | 1", "Fouriergate() | 1",
        "BSgate() | [0, 2]", "BSgate(0.3, 0.8) | [2, 0]", "BSgate(phi=0.3) | [0, 1]", "MZgate(0.3, 0.8) | [0, 1]",
        "S2gate(0.3, 0.9) | [0, 1]", "S2gate(0.3) | [1, 2]", "CXgate(0.7) | [0, 1]",
        "CXgate() | [2, 1]", "CZgate(0.7) | [0, 2]", "CZgate() | [1, 2]", "Vac | 1", "Coherent(0.3, 0.2) | 1",
        "Coherent() | 0", "Squeezed(0.4, 0.3) | 0", "Squeezed(r=0.4, p=0.3) | 0", "Thermal(0.8) | 1",
        "DisplacedSqueezed(0.1, 0.2, 0.3, 0.4) | 1", "DisplacedSqueezed(r_s=0.3) | 1", "LossChannel(0.6) | 0",
        "for int i in 0:3\n    Rgate(0.2*i) | i",
        "float array A =\n    0.1, 0.2\n    0.3, 0.4\n\nRgate(A[2]) | 1", "Rgate(-2**2*0.1) | 0",
        "Dgate(1/3, pi/2) | 0",
        "complex array U =\n    0.6, 0.8j\n    0.8j, 0.6\n\nInterferometer(U) | [2, 0]",
        "float array S =\n    2, 0\n    0, 0.5\n\nGaussianTransform(S) | 1",
        "float array S =\n    0.6, -0.8\n    0.8, 0.6\n\nGaussianTransform(S) | 1",
        "float array V =\n    3, 0.5\n    0.5, 1.5\n\nGaussian(V) | 2",
        "float array V =\n    0.5, 0\n    0, 2\n\nGaussian(V) | 2",
        "float array V =\n    2, 0.3, 0, 0\n    0.3, 2, 0, 0\n    0, 0, 3, 0\n    0, 0, 0, 3\n\nGaussian(V) | [2, 0]",
        "float array A =\n    0, 1, 1\n    1, 0, 1\n    1, 1, 0\n\nGraphEmbed(A, mean_photon_per_mode=0.4) | [0, 1, 2]",
        "float array A =\n    0, 0.5\n    0.5, 0\n\nVac | 0\nVac | 1\nBipartiteGraphEmbed(A) | [0, 1]",
    ],
)  # fmt: skip
def test_operations_move_moments_as_there(sf: Any, line: str) -> None:
    """Catches a wrong default, an exchanged argument or mode, a matrix in another order, a different convention."""
    text = START + line + "\n"
    if "GraphEmbed(A, mean" in line:
        text = "Vac | 0\n" + line + "\n"
    assert_same(our_moments(program_of(text)), their_moments(sf, sf.io.loads(HEAD + text)))


def test_thermal_loss_is_that_of_one_mode(sf: Any) -> None:
    """Catches the environment's photons counted twice. Beside other modes, theirs heats those too."""
    text = "DisplacedSqueezed(0.3, 0.2, 0.4, 1.1) | 0\nThermalLossChannel(0.6, 0.5) | 0\n"
    assert_same(our_moments(program_of(text)), their_moments(sf, sf.io.loads(HEAD + text)))


def test_a_gaussian_state_has_the_covariance_that_is_written() -> None:
    """Catches what theirs does where it takes a pure state apart: it squeezes x whichever variance is the smaller."""
    made = program_of("float array V =\n    2, 0\n    0, 0.5\n\nGaussian(V) | 0\n")
    np.testing.assert_allclose(our_moments(made)[1], np.diag([2, 0.5]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("line", ["Vgate(0.05) | 0", "Kgate(0.4) | 1", "CKgate(0.3) | [0, 1]", "Fock(2) | 0"])
def test_operations_that_are_not_gaussian_give_the_same_photons(sf: Any, line: str) -> None:
    """Catches a sign, a factor or an exchanged mode of what only Fock space holds."""
    text = f"Coherent(0.3, 0.1) | 0\nFock(1) | 1\n{line}\nBSgate(0.4, 0.3) | [0, 1]\n"
    made, cutoff = program_of(text), 12
    made = Program(made.registers, body=made.body, outputs=(Probabilities((0, 1)),))
    ours = run(made, {}, Options(cutoff=cutoff))[0][0].reshape(cutoff, cutoff)
    state = sf.Engine("fock", backend_options={"cutoff_dim": cutoff}).run(sf.io.loads(HEAD + text)).state
    np.testing.assert_allclose(ours[:5, :5], state.all_fock_probs()[:5, :5], rtol=0, atol=2e-6)


@given(gaussian_programs(), st.integers(0, 99))
def test_what_is_emitted_reads_back(program: Program, seed: int) -> None:
    """Catches anything that the writer says and the reader understands otherwise."""
    program = Program(program.registers, program.parameters, (), program.body, (State(),))
    values = values_for(program, seed, 0.3)
    expected = our_moments(program, values)
    known = input_values(program, "blackbird", element_values(program, values))
    made = read(qc.emit(program, "blackbird"), "blackbird")
    assert isinstance(made, Program)
    assert parse(to_text(made)) == made
    found = our_moments(made, {p.name: np.asarray(known[p.name]) for p in made.parameters})
    assert_same(found, expected, 1e-9 * max(1.0, float(np.abs(expected[1]).max())))


# ---- objects


def apply(operation: Any, modes: Any) -> None:
    """Strawberry Fields writes `gate | modes`."""
    operation.__or__(modes)


def three_modes(sf: Any) -> Any:
    """A program with every kind of operation that Gaussian states know."""
    program, ops = sf.Program(3), sf.ops
    a, b = program.params("a", "b")
    with program.context as q:
        for mode in q:
            apply(ops.Coherent(0.3, 0.2), mode)
        apply(ops.Dgate(2 * a + np.pi, b), q[0])
        apply(ops.Sgate(sf.math.sin(a) / (1 + b**2), sf.math.sqrt(b)), q[1])
        apply(ops.BSgate(0.3, 0.2).H, (q[0], q[2]))
        apply(ops.Fourier.H, q[2])
        apply(ops.CXgate(a).H, (q[0], q[2]))
        apply(ops.MZgate(a, 0.3).H, (q[1], q[0]))
        apply(ops.S2gate(0.3 * a, b).H, (q[1], q[0]))
        apply(ops.sMZgate(0.2, b), (q[1], q[2]))
        apply(ops.Interferometer(np.array([[0.6, 0.8j], [0.8j, 0.6]])), (q[2], q[0]))
        apply(ops.GaussianTransform(np.diag([0.5, 1, 2, 1])), (q[2], q[0]))
        apply(ops.LossChannel(0.7), q[1])
        apply(ops.Gaussian(np.array([[2.0, 0.3], [0.3, 1.0]]), np.array([0.1, -0.2])), q[1])
        apply(ops.All(ops.Pgate(b)), q)
    return program


def test_programs_of_strawberry_fields_move_moments_as_there(sf: Any) -> None:
    """Catches an inverse that is lost, a parameter's function read wrongly, a mode or argument exchanged."""
    program, values = three_modes(sf), {"a": 0.37, "b": 0.61}
    made = from_strawberryfields(program)
    assert [p.name for p in made.parameters] == ["a", "b"]
    assert parse(to_text(made)) == made
    assert_same(our_moments(made, {k: np.asarray(v) for k, v in values.items()}), their_moments(sf, program, values))


def test_a_general_gaussian_gate_is_read(sf: Any) -> None:
    """Catches its displacement left out, or put before the matrix; theirs compiles for no Gaussian engine."""
    program = sf.Program(1)
    with program.context as q:
        apply(sf.ops.Coherent(0.5), q[0])
        apply(sf.ops.Ggate(np.diag([0.5, 2.0]), np.array([0.3, 0.4])), q[0])
    means, covariance = our_moments(from_strawberryfields(program))
    np.testing.assert_allclose(means, [0.5 * 1.0 + 0.3, 0.4], rtol=0, atol=1e-12)
    np.testing.assert_allclose(covariance, np.diag([0.25, 4.0]), rtol=0, atol=1e-12)


def test_an_embedded_graph_is_read(sf: Any) -> None:
    """Catches squeezing by another amount than the program's own choice of photons asks for."""
    program = sf.Program(4)
    adjacency = np.array([[0.0, 1.0], [1.0, 0.0]])
    with program.context as q:
        apply(sf.ops.GraphEmbed(adjacency, mean_photon_per_mode=0.3), (q[0], q[1]))
        apply(sf.ops.BipartiteGraphEmbed(adjacency, mean_photon_per_mode=0.2, edges=False), (q[3], q[2]))
    assert_same(our_moments(from_strawberryfields(program)), their_moments(sf, program))


def test_results_are_fed_forward(sf: Any) -> None:
    """Catches a result of another mode, a lost factor, and samples in another order than the detections."""
    program = sf.Program(3)
    g = program.params("g")
    with program.context as q:
        apply(sf.ops.Squeezed(0.5), q[0])
        apply(sf.ops.MeasureHomodyne(0.3), q[0])
        apply(sf.ops.Xgate(sf.math.sqrt(2) * q[0].par + g * q[0].par), q[2])
        apply(sf.ops.Zgate(q[0].par).H, q[2])
        apply(sf.ops.MeasureFock(), (q[2], q[1]))
    expected = """qumode q[3]; real q0; int q2; int q1; param g; squeezed(0.5, 0) q[0]; rotate(-0.3) q[0];
        controlled_x(g + 1.4142135623730951) q[0], q[2]; controlled_z(-1) q[0], q[2]; q0 = homodyne(0) q[0];
        q2 = measure q[2]; q1 = measure q[1]; return samples(q0, q2, q1);"""
    assert to_text(from_strawberryfields(program)) == to_text(parse(expected))


def test_what_cannot_be_read_is_said_at_once(sf: Any) -> None:
    """Catches an operation that is left out, and a program that stops at its first fault."""
    program = sf.Program(2)
    with program.context as q:
        apply(sf.ops.Catstate(0.3), q[0])
        apply(sf.ops.MeasureFock(select=1), q[0])
        apply(sf.ops.Rgate(np.inf), q[1])
        apply(sf.ops.MeasureX, q[1])
        apply(sf.ops.Rgate(q[1].par), q[0])
        apply(sf.ops.Del, q[1])
    with pytest.raises(CompileError) as caught:
        from_strawberryfields(program)
    codes = [found.code for found in caught.value.diagnostics]
    assert codes == [Code.OUT_OF_REACH, Code.OUT_OF_REACH, Code.BAD_NUMBER, Code.OUT_OF_REACH, Code.OUT_OF_REACH]
    assert all(found.help for found in caught.value.diagnostics)


def test_only_programs_are_taken(sf: Any) -> None:
    """Catches a text, or a program in time bins, that ends in a traceback."""
    bins = sf.TDMProgram(2)
    with bins.context([0.1, 0.2]) as (p, q):
        apply(sf.ops.Sgate(p[0]), q[1])
    for wrong, code in (("Vac | 0", Code.WRONG_TYPE), (None, Code.WRONG_TYPE), (bins, Code.OUT_OF_REACH)):
        with pytest.raises(CompileError) as caught:
            from_strawberryfields(wrong)
        assert [found.code for found in caught.value.diagnostics] == [code]


def test_shots_are_not_part_of_a_program(sf: Any) -> None:
    """Catches an option that is lost without a word."""
    program = sf.io.loads(HEAD + "target gaussian (shots=10)\nVac | 0\n")
    with pytest.warns(CompileWarning, match="shots"):
        from_strawberryfields(program)


def test_text_and_object_are_the_same_program(sf: Any) -> None:
    """Catches a default that only one of the two ways in knows."""
    text = START + "S2gate(0.2) | [0, 1]\nRgate(2*{a}) | 2\nMeasureX | 0\nZgate(0.5*q0) | 1\nMeasureFock() | [1, 2]\n"
    assert to_text(program_of(text)) == to_text(from_strawberryfields(sf.io.loads(HEAD + text)))
