"""Qiskit's circuits become programs that do what Qiskit says they do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from outcomes import circuit_branches, distribution, probe_states, program_branches, zero_state
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import (
    AnnotatedOperation,
    Clbit,
    ControlModifier,
    Gate,
    InverseModifier,
    Parameter,
    ParameterVector,
    PowerModifier,
    Qubit,
    classical,
)
from qiskit.circuit.library import (
    PauliEvolutionGate,
    UnitaryGate,
    efficient_su2,
    get_standard_gate_name_mapping,
)
from qiskit.circuit.library import standard_gates as standard
from qiskit.quantum_info import SparsePauliOp, random_unitary

from qcompile.angle import Element, evaluate
from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.ir import If, Op, Program, Samples
from qcompile.objects.from_qiskit import from_qiskit

expr: Any = classical.expr
STANDARD: dict[str, Any] = {
    n: g for n, g in get_standard_gate_name_mapping().items() if n not in ("delay", "measure", "reset")
}


def assert_same(circuit: Any, values: dict[str, float] | None = None) -> Program:
    """The program's action on probe states is the circuit's, global phase included."""
    program = from_qiskit(circuit)
    bound = circuit.assign_parameters({p: (values or {})[p.name] for p in circuit.parameters})
    elements = {e: (values or {})[str(e)] for p in program.parameters for e in p.elements()}
    wires = circuit.num_qubits
    ((ours,),) = program_branches(program, probe_states(wires), elements).values()
    flat = bound.decompose("PauliEvolution")  # its own matrix is that of the exact evolution
    ((theirs,),) = circuit_branches(flat, probe_states(wires)).values()
    assert np.abs(ours - theirs).max() < 1e-9
    return program


def assert_same_outcomes(circuit: Any, expected: Any = None, **options: Any) -> Program:
    program = from_qiskit(circuit, **options)
    wires = circuit.num_qubits
    ours = distribution(program_branches(program, zero_state(wires)))
    theirs = distribution(circuit_branches(expected or circuit, zero_state(wires)))
    assert ours == pytest.approx(theirs, abs=1e-9)
    return program


def refusal(circuit: Any, **options: Any) -> Code:
    with pytest.raises(CompileError) as caught:
        from_qiskit(circuit, **options)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help
    assert diagnostic.span is None
    return diagnostic.code


# ---- gates


@pytest.mark.parametrize("name", STANDARD)
def test_standard_gate(name: str) -> None:
    """Catches a standard gate taken for another, its wires or angles out of order, or a lost phase."""
    gate = STANDARD[name]
    angles = [0.3, 0.7, 1.1, 0.2][: len(gate.params)]
    circuit = QuantumCircuit(max(gate.num_qubits, 1) + 1)
    circuit.append(type(gate)(*angles) if angles else gate, list(range(1, gate.num_qubits + 1)))
    assert_same(circuit)


@pytest.mark.parametrize("name", [n for n, g in STANDARD.items() if hasattr(g, "ctrl_state")])
def test_open_controls(name: str) -> None:
    """Catches controls of the wrong polarity or in the wrong order."""
    gate = STANDARD[name]
    angles = [0.3, 0.7, 1.1, 0.2][: len(gate.params)]
    for state in range(2**gate.num_ctrl_qubits):
        circuit = QuantumCircuit(gate.num_qubits)
        made = (type(gate)(*angles) if angles else gate).to_mutable()
        made.ctrl_state = state
        circuit.append(made, range(gate.num_qubits))
        assert_same(circuit)


def test_many_controls() -> None:
    """Catches multi-controlled gates that are read by their ancillas, or flattened into nothing."""
    circuit = QuantumCircuit(5)
    circuit.mcx([0, 1, 2], 3)
    circuit.mcp(0.4, [0, 4], 1)
    circuit.append(standard.RYGate(0.3).control(3, ctrl_state="010", annotated=False), [4, 2, 0, 1])
    assert_same(circuit)


def test_inverse_power_and_nested_modifiers() -> None:
    """Catches an inverse that keeps the order of its gates, and modifiers read from the outside in."""
    inner = QuantumCircuit(2, name="inner")
    inner.h(0)
    inner.rzx(0.4, 0, 1)
    inner.global_phase = 0.3
    circuit = QuantumCircuit(4)
    circuit.append(inner.to_gate().inverse(), [1, 0])
    circuit.append(inner.to_gate().control(2, ctrl_state=1, annotated=False), [3, 2, 0, 1])
    circuit.append(AnnotatedOperation(standard.SXGate(), [InverseModifier(), ControlModifier(2, 1)]), [0, 2, 1])
    circuit.append(
        AnnotatedOperation(inner.to_gate(), [ControlModifier(1), PowerModifier(2), InverseModifier()]), [2, 0, 1]
    )
    assert_same(circuit)


def test_custom_gate_is_a_definition_with_parameters() -> None:
    """Catches a definition that is inlined, made twice, or that names the circuit's parameters."""
    t = Parameter("t")
    inner = QuantumCircuit(2, name="layer-one")
    inner.rx(2 * t, 0)
    inner.cz(0, 1)
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(3)
    circuit.append(inner.to_gate({t: a}), [0, 1])
    circuit.append(inner.to_gate({t: a}), [1, 2])
    circuit.append(inner.to_gate({t: a + b}), [2, 0])
    program = assert_same(circuit, {"a": 0.3, "b": -0.8})
    names = [definition.gate.name for definition in program.definitions]
    assert names == ["layer_one", "layer_one_2"]
    assert program.definitions[0].gate.parameters == ("a",)


def test_matrix_gate() -> None:
    """Catches a matrix with its wires in Qiskit's order."""
    circuit = QuantumCircuit(3)
    circuit.append(UnitaryGate(random_unitary(4, seed=1), label="mine"), [2, 0])
    circuit.append(UnitaryGate(random_unitary(8, seed=2)), [1, 2, 0])
    program = assert_same(circuit)
    assert all(definition.gate.matrix is not None for definition in program.definitions)


def test_evolution_and_library_circuits() -> None:
    """Catches gates of definitions, nested and with expressions of parameters."""
    time = Parameter("time")
    circuit = efficient_su2(3, reps=1, parameter_prefix="w")
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XYZ", "ZIZ"], [0.5, 0.25]), time), [0, 1, 2])
    values = {p.name: 0.1 * k for k, p in enumerate(circuit.parameters)}
    assert_same(circuit, values)


def test_global_phase_is_kept() -> None:
    """Catches a phase that is lost, also one that is a parameter."""
    phase = Parameter("phase")
    circuit = QuantumCircuit(1, global_phase=phase + 0.2)
    circuit.x(0)
    assert_same(circuit, {"phase": 0.5})


def test_initialize_is_a_reset_and_gates() -> None:
    """Catches an instruction with resets inside that is taken for a gate."""
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.initialize([0.6, 0, 0, 0.8j])
    circuit.measure([0, 1], [0, 1])
    flat = circuit.decompose("initialize")
    assert_same_outcomes(circuit, flat)


def test_opaque_gate_stays_a_name() -> None:
    """Catches an opaque gate that is dropped or given an effect."""
    circuit = QuantumCircuit(2)
    circuit.append(Gate("mystery", 2, [0.5]), [0, 1])
    (definition,) = from_qiskit(circuit).definitions
    assert definition.gate.opaque
    assert len(definition.gate.parameters) == 1


# ---- parameters


def test_vectors_are_arrays() -> None:
    """Catches entries of a vector that become scalars, or lose their index, when only some are used."""
    v, a = ParameterVector("v", 3), Parameter("α")
    circuit = QuantumCircuit(1)
    circuit.rx(v[2] - 2 * v[0] + np.pi, 0)
    circuit.ry(a, 0)
    program = from_qiskit(circuit)
    assert [(p.name, p.size) for p in program.parameters] == [("v", 3), ("alpha", None)]
    first, second = program.body
    assert isinstance(first, Op)
    assert isinstance(second, Op)
    assert str(first.angles[0]) == f"-2*v[0] + v[2] + {np.pi}"
    assert str(second.angles[0]) == "alpha"


EXPRESSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "a*b + a/3": lambda a, b: a * b + a / 3,
    "powers": lambda a, b: a**2 + b**0.5 + a ** (-2),
    "quotients": lambda a, b: 1 / a - b / (a + 2 * b),
    "functions": lambda a, b: a.sin() + (2 * b).cos() * a.tan() - (a + b).exp() + b.log(),
    "inverse functions": lambda a, b: (a / 3).arcsin() + (b / 4).arccos() + a.arctan(),
    "conjugate": lambda a, b: (a + b).conjugate(),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions(name: str) -> None:
    """Catches an operation on parameters that is misread."""
    a, b = Parameter("a"), Parameter("b")
    expression = EXPRESSIONS[name](a, b)
    circuit = QuantumCircuit(1)
    circuit.rx(expression, 0)
    circuit.p(b - a, 0)
    program = from_qiskit(circuit)
    op = program.body[0]
    assert isinstance(op, Op)
    found = evaluate(op.angles[0], {Element("a"): 0.7, Element("b"): 1.3})
    assert found == pytest.approx(expression.bind({a: 0.7, b: 1.3}).numeric().real, abs=1e-12)


def test_absolute_value_is_refused() -> None:
    """Catches a function that has no derivative everywhere read as another."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("a").abs(), 0)
    assert refusal(circuit) == Code.OUT_OF_REACH


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused(value: float) -> None:
    """Catches an angle that is no number."""
    circuit = QuantumCircuit(1)
    circuit.append(standard.RXGate(value), [0])
    assert refusal(circuit) == Code.BAD_NUMBER


# ---- registers and results


def test_registers_keep_order_and_names() -> None:
    """Catches wires renumbered, registers merged, and loose bits without a place."""
    q, loose, r = QuantumRegister(2, "q"), Qubit(), QuantumRegister(1, "pi")
    circuit = QuantumCircuit(q, [loose], r, ClassicalRegister(2, "out"), [Clbit()])
    circuit.x(loose)
    circuit.cx(loose, r[0])
    circuit.measure(r[0], 2)
    program = from_qiskit(circuit)
    assert [(x.name, x.kind, x.size) for x in program.registers] == [
        ("q", "qubit", 2), ("q_2", "qubit", 1), ("pi_", "qubit", 1), ("out", "bit", 2), ("c", "bit", 1),
    ]  # fmt: skip
    assert program.outputs == (Samples((), (2,)),)
    assert [s.wires for s in program.body if isinstance(s, Op)] == [(2,), (2, 3)]


def test_a_delay_is_dropped_aloud() -> None:
    """Catches a delay refused, or dropped in silence."""
    circuit = QuantumCircuit(1)
    circuit.delay(10, 0)
    with pytest.warns(CompileWarning, match="QC0904"):
        assert not from_qiskit(circuit).body


# ---- control flow


def test_conditions_on_bits_and_registers() -> None:
    """Catches a condition of the wrong value, an else that runs beside, and bits that were never measured."""
    circuit = QuantumCircuit(3, 3)
    circuit.ry(0.7, 0)
    circuit.ry(1.9, 1)
    circuit.measure([0, 1], [0, 1])
    with circuit.if_test((circuit.cregs[0], 2)) as otherwise:
        circuit.x(2)
        circuit.measure(0, 1)
    with otherwise:
        circuit.ry(0.3, 2)
    with circuit.if_test((circuit.clbits[2], 0)):
        circuit.ry(0.9, 0)
    with circuit.if_test((circuit.clbits[2], 1)):
        circuit.x(1)
    circuit.measure([0, 2], [0, 2])
    assert_same_outcomes(circuit)


CONDITIONS: dict[str, tuple[Callable[[Any], Any], Callable[[int], int]]] = {
    "xor": (lambda c: expr.bit_xor(c[0], c[1]), lambda v: (v & 1) ^ (v >> 1 & 1)),
    "less": (lambda c: expr.less(c, 5), lambda v: v < 5),
    "or of equals": (lambda c: expr.logic_or(expr.equal(c, 3), expr.logic_not(c[2])), lambda v: v == 3 or not v >> 2),
    "shift": (lambda c: expr.equal(expr.shift_left(c, 1), 4), lambda v: (v << 1) & 7 == 4),
    "index": (lambda c: expr.index(c, 1), lambda v: v >> 1 & 1),
    "not": (lambda c: expr.equal(expr.bit_not(c), 1), lambda v: ~v & 7 == 1),
    "cast": (lambda c: expr.cast(expr.bit_and(c, 6), expr.lift(True).type), lambda v: v & 6),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_expression_conditions(name: str) -> None:
    """Catches an operator on bits that is misread; the values are worked out by hand beside."""
    make, holds = CONDITIONS[name]
    for value in range(8):
        register = ClassicalRegister(3, "c")
        circuit = QuantumCircuit(QuantumRegister(4, "q"), register)
        for bit in range(3):
            circuit.ry(0.5, bit)
            circuit.measure(bit, bit)
        with circuit.if_test(make(register)):
            circuit.x(3)
        program = from_qiskit(circuit)
        branches = program_branches(program, zero_state(4))
        for bits, states in branches.items():
            if sum(1 << bit for bit in bits) == value:
                (state,) = states
                excited = float(np.abs(state[..., 1, :]).max()) > 1e-9
                assert excited == bool(holds(value))


def test_loops_and_switch() -> None:
    """Catches a loop variable that stays, a case taken twice, and a default that always runs."""
    circuit = QuantumCircuit(3, 2)
    with circuit.for_loop(range(1, 4)) as k:
        circuit.ry(0.2 * k, 0)
        circuit.ry(k / 3, 1)
    circuit.measure([0, 1], [0, 1])
    with circuit.switch(circuit.cregs[0]) as case:
        with case(0, 3):
            circuit.x(2)
        with case(1):
            circuit.measure(2, 1)
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.ry(1.0, 2)
    circuit.measure([0, 2], [0, 1])
    outcomes = distribution(program_branches(from_qiskit(circuit), zero_state(3)))
    assert sum(outcomes.values()) == pytest.approx(1)
    a, b = np.sin(0.6) ** 2, np.sin(1.0) ** 2
    by_hand = (1 - a) * (1 - b) + a * b + b * (1 - a) * np.sin(0.5) ** 2
    second = sum(weight for bits, weight in outcomes.items() if 1 in bits)
    assert second == pytest.approx(by_hand, abs=1e-9)


def until_one(turns: int) -> Any:
    circuit = QuantumCircuit(1, 1)
    circuit.ry(1.2, 0)
    circuit.measure(0, 0)
    for _ in range(turns):
        with circuit.if_test((circuit.clbits[0], 0)):
            circuit.ry(1.2, 0)
            circuit.measure(0, 0)
    return circuit


def test_while_needs_a_bound() -> None:
    """Catches an endless unrolling, and a bound that counts one turn too many or too few."""
    circuit = until_one(0)
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.ry(1.2, 0)
        circuit.measure(0, 0)
    assert refusal(circuit) == Code.UNBOUNDED
    assert_same_outcomes(circuit, until_one(3), loop_bound=3)
    assert_same_outcomes(circuit, until_one(0), loop_bound=0)


def test_a_bit_that_the_other_side_measures() -> None:
    """Catches an `else` that reads a bit measured under the `if` alone, where it holds 0: a failure of ours."""
    circuit = QuantumCircuit(2, 2)
    circuit.h([0, 1])
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.measure(1, 1)
    with otherwise, circuit.if_test((circuit.clbits[1], 0)):
        circuit.x(1)
    with circuit.if_test((circuit.clbits[1], 1)):
        circuit.x(0)
    assert_same_outcomes(circuit)


def test_a_wide_register_is_one_condition() -> None:
    """Catches a comparison of a wide register that is worked out for each of its values."""
    circuit = QuantumCircuit(40, 40)
    circuit.measure(range(40), range(40))
    with circuit.if_test((circuit.cregs[0], 5)):
        circuit.x(0)
    branch = from_qiskit(circuit).body[-1]
    assert isinstance(branch, If)
    assert len(branch.condition) == 40


# ---- refusals


def test_what_is_out_of_reach() -> None:
    """Catches control flow that is dropped, and loops without end."""
    broken = QuantumCircuit(1, 1)
    with broken.for_loop(range(3)):
        broken.x(0)
        broken.measure(0, 0)
        with broken.if_test((broken.clbits[0], 1)):
            broken.break_loop()
    assert refusal(broken) == Code.OUT_OF_REACH
    long = QuantumCircuit(1)
    with long.for_loop(range(10**9)):
        pass
    assert refusal(long) == Code.TOO_LARGE
    stored = QuantumCircuit(1)
    stored.add_var("flag", expr.lift(True))
    assert refusal(stored) == Code.OUT_OF_REACH


def test_what_is_no_circuit() -> None:
    """Catches a traceback for the wrong object."""
    assert refusal("OPENQASM 2.0;") == Code.WRONG_TYPE
    assert refusal(QuantumCircuit()) == Code.EMPTY


def test_without_qiskit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches an ImportError where the extra is not installed."""

    def nothing(name: str) -> None:
        """No package is there."""

    monkeypatch.setattr("importlib.util.find_spec", nothing)
    assert refusal(QuantumCircuit(1)) == Code.MISSING_CLIENT
