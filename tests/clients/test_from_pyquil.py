"""pyQuil's programs become programs that do what pyQuil says they do."""

import importlib.util
from typing import Any

import numpy as np
import pytest
from outcomes import probe_states, program_branches, zero_state
from pyquil import Program as Quil
from pyquil.gates import CNOT, CPHASE, FSIM, MEASURE, RESET, RX, RY, RZ, XY, H, X, Y
from pyquil.quilatom import Parameter, QubitPlaceholder, quil_cis, quil_sin
from pyquil.quilbase import DefGate, DefPermutationGate, Gate
from pyquil.simulation.tools import program_unitary
from quil_machine import quil_distribution, quil_states, weights

from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError
from qcompile.ir import If, Program
from qcompile.objects.from_pyquil import from_pyquil

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyQuil calls what it deprecates


def assert_same(quil: Any, values: dict[tuple[str, int], float] | None = None) -> Program:
    """The program's action on probe states is that of pyQuil's text by pyQuil's matrices."""
    program = from_pyquil(quil)
    sizes = {parameter.name: parameter.size for parameter in program.parameters}
    elements = {Element(n, k if sizes[n] else None): v for (n, k), v in (values or {}).items()}
    wires = len(program.kinds)
    ((ours,),) = program_branches(program, probe_states(wires), elements).values()
    (theirs,) = quil_states(quil.out(), probe_states(wires), values)
    assert np.abs(ours - theirs).max() < 1e-9
    return program


def test_gates_and_modifiers() -> None:
    """Catches a gate, modifier or number that pyQuil writes in a way that is read as another."""
    quil = Quil(
        H(0), CNOT(0, 2), RX(np.pi / 3, 1), RY(0.1 + 0.2, 2), RZ(1e-9 / 3, 0), XY(-2.5, 2, 1), FSIM(0.3, 0.4, 0, 1)
    )
    quil += CPHASE(-np.pi / 7, 0, 1).controlled(3).dagger()
    quil += RX(np.sqrt(2), 0).forked(2, [0.3])
    program = assert_same(quil)
    plain = Quil(*quil.instructions[:7])
    ((ours,),) = program_branches(from_pyquil(plain), probe_states(3)).values()
    least_first = program_unitary(plain, 3)  # pyQuil's own product: qubit 0 is least significant
    theirs = least_first.reshape((2,) * 6).transpose(2, 1, 0, 5, 4, 3).reshape(8, 8)
    assert np.abs(ours.reshape(8, 8) - theirs).max() < 1e-9
    assert len(program.body) == 10


def test_memory_of_angles() -> None:
    """Catches a parameter's entry, expression or function lost in the text."""
    quil = Quil()
    theta, data = quil.declare("theta", "REAL", 2), quil.declare("data", "REAL")
    quil += [RX(theta[0] * 2 + np.pi / 3, 0), RZ(quil_sin(theta[1]) / 2, 0), RY(-data, 0), RY(data * theta[0], 0)]
    program = assert_same(quil, {("theta", 0): 0.3, ("theta", 1): -0.8, ("data", 0): 1.7})
    assert [parameter.name for parameter in program.parameters] == ["theta", "data"]


def test_defined_gates() -> None:
    """Catches a matrix, parameter or permutation that pyQuil's text holds in another form."""
    t = Parameter("t")
    turn = DefGate("TURN", np.array([[1, 0], [0, quil_cis(t * 2)]]), [t])
    swap = DefPermutationGate("SWAP3", [0, 4, 2, 6, 1, 5, 3, 7])
    root = DefGate("ROOT", np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2)
    turned: Any = turn.get_constructor()(0.3)
    quil = Quil(
        turn, swap, root, H(0), turned(0), turned(1).controlled(2), Gate("ROOT", [], [1]), Gate("SWAP3", [], [2, 0, 1])
    )
    assert_same(quil)


def test_placeholders_are_resolved_in_a_copy() -> None:
    """Catches qubits without numbers, and a program that reading changes."""
    first, second = QubitPlaceholder(), QubitPlaceholder()
    quil = Quil(H(first), CNOT(first, second))
    assert from_pyquil(quil) == from_pyquil(Quil("H 0\nCNOT 0 1"))
    with pytest.raises(ValueError, match="fixed"):
        quil.get_qubits()


def test_control_flow() -> None:
    """Catches `if_then` and `while_do` decided the other way round."""
    quil = Quil()
    ro = quil.declare("ro", "BIT", 2)
    quil += [H(0), MEASURE(0, ro[0])]
    quil.if_then(ro[0], Quil(X(1)), Quil(Y(2), RX(0.7, 1)))
    quil += [RESET(0), H(0), MEASURE(0, ro[1])]
    program = from_pyquil(quil)
    branches = program_branches(program, zero_state(3))
    resolved = quil.copy()
    resolved.resolve_placeholders()
    ours = weights([state for states in branches.values() for state in states])
    assert ours == pytest.approx(quil_distribution(resolved.out(), 3), abs=1e-9)
    quil.while_do(ro[1], Quil(X(0), H(0), MEASURE(0, ro[1])))
    with pytest.raises(CompileError) as caught:
        from_pyquil(quil)
    assert caught.value.diagnostics[0].code == Code.UNBOUNDED
    assert sum(isinstance(statement, If) for statement in from_pyquil(quil, loop_bound=3).body) == 4


def test_what_is_no_program() -> None:
    """Catches an object of another library taken for text."""
    with pytest.raises(CompileError) as caught:
        from_pyquil("H 0")
    assert caught.value.diagnostics[0].code == Code.WRONG_TYPE
    with pytest.raises(CompileError) as caught:
        from_pyquil(Quil(RX(float("nan"), 0)))
    assert caught.value.diagnostics[0].code == Code.BAD_NUMBER


def test_a_missing_client_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches an ImportError where one line should say which extra to install."""
    monkeypatch.setattr(importlib.util, "find_spec", dict[str, object]().get)
    with pytest.raises(CompileError, match="rigetti") as caught:
        from_pyquil(object())
    assert caught.value.diagnostics[0].code == Code.MISSING_CLIENT
