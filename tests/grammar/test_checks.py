"""The checks of one op that the reader and the builder share."""

from hypothesis import given
from hypothesis import strategies as st

from qcompile.diagnostics import Code
from qcompile.gates import TABLE, Gate, Kind
from qcompile.grammar.checks import check_op, is_sound

KINDS: tuple[Kind, ...] = ("qubit", "qubit", "qubit", "qumode", "qumode")


@given(
    gate=st.sampled_from(sorted(TABLE.values(), key=lambda gate: gate.name)),
    wires=st.lists(st.integers(-1, 5), max_size=4),
    angles=st.integers(0, 3),
    controls=st.lists(st.booleans(), max_size=2),
)
def test_the_quick_check_and_the_full_one_agree(
    gate: Gate, wires: list[int], angles: int, controls: list[bool]
) -> None:
    """Catches an op that is taken as sound and has faults, or is refused without one."""
    assert is_sound(gate, wires, angles, controls, KINDS) == (not list(check_op(gate, wires, angles, controls, KINDS)))


def test_every_sound_op_of_the_table_is_taken() -> None:
    """Catches a check that refuses what the table allows."""
    kinds: list[Kind] = ["qubit" if wire < 5 else "qumode" for wire in range(10)]
    for gate in TABLE.values():
        qubits, modes = iter(range(5)), iter(range(5, 10))
        wires = [next(qubits if kind == "qubit" else modes) for kind in gate.wires]
        assert is_sound(gate, wires, len(gate.parameters), (), kinds), gate.name


def test_all_faults_of_one_op_are_found() -> None:
    """Catches a check that stops at the first fault."""
    found = [fault.code for fault in check_op(TABLE["crx"], (3, 0, 0, 9), 2, (True,), KINDS)]
    assert found == [Code.WRONG_ANGLES, Code.WRONG_ARITY, Code.REPEATED_WIRE, Code.INDEX_RANGE, Code.WRONG_KIND]
