"""The specification's own programs: each is read as it says, or refused where and why the table says."""

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from outcomes import circuit_branches, distribution, probe_states, program_branches, zero_state

from qcompile.angle import number
from qcompile.diagnostics import CompileError, CompileWarning
from qcompile.gates import NAMES
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import ReadOptions, read
from qcompile.ir import Op, Program, Register

READ = (
    "adder", "inverseqft1", "inverseqft2", "ipe", "qec", "qft", "qpt", "rb", "rus", "teleport", "varteleport",
)  # fmt: skip
REFUSED = {
    "alignment": ["OUT_OF_REACH 8"],  # stretch
    "arrays": ["INDEX_RANGE 51", "DUPLICATE_NAME 76"],  # index 4 of 4, and `first_dimension` twice
    "cphase": ["UNKNOWN_GATE 4", "UNKNOWN_GATE 6", "UNKNOWN_NAME 9"],  # a fragment: no include, no register
    "dd": ["OUT_OF_REACH 7", "OUT_OF_REACH 8", "OUT_OF_REACH 9", "OUT_OF_REACH 10", "UNKNOWN_GATE 25"],  # stretch
    "defcal": [f"OUT_OF_REACH {line}" for line in (3, 7, 11, 15, 24, 29)],
    "gateteleport": ["OUT_OF_REACH 12"],  # extern
    "msd": ["INDEX_RANGE 48", "UNKNOWN_NAME 80", "UNKNOWN_NAME 81"],  # scratch[3] of 3; `success` is not declared
    "scqec": ["OUT_OF_REACH 86", "OUT_OF_REACH 91", "OUT_OF_REACH 97"],  # extern
    "t1": ["OUT_OF_REACH 21", "OUT_OF_REACH 36", "OUT_OF_REACH 45", "OUT_OF_REACH 46"],  # defcal, durationof, extern
    "vqe": ["INDEX_RANGE 25", "OUT_OF_REACH 75"],  # a gate that indexes its qubit; extern
}
_ATTEMPTS = 3  # of repeat-until-success


def text_of(corpora: Path, name: str) -> str:
    return (corpora / "openqasm3" / "spec-examples" / name).read_text("utf-8")


def program_of(text: str, name: str) -> Program:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        module = read(text, "openqasm3", name, ReadOptions(loop_bound=_ATTEMPTS))
    assert isinstance(module, Program)
    return module


def outcomes_of(text: str) -> dict[frozenset[str], float]:
    """The probability of each outcome: the names of the cells that are 1."""
    program = program_of(text, "<text>")
    names = [
        register.name if register.size is None else f"{register.name}[{k}]"
        for register in program.registers if not register.is_quantum
        for k in range(register.length)
    ]  # fmt: skip
    found = distribution(program_branches(program, zero_state(len(program.kinds))))
    return {frozenset(names[cell] for cell in bits): weight for bits, weight in found.items()}


def probability(outcomes: dict[frozenset[str], float], name: str) -> float:
    """That the cell is 1."""
    return sum(weight for bits, weight in outcomes.items() if name in bits)


def test_every_program_is_in_one_list(corpora: Path) -> None:
    """Would catch an example that nothing looks at. 11 programs and stdgates.inc are read, 10 refused."""
    found = {path.stem for path in (corpora / "openqasm3" / "spec-examples").glob("*.qasm")}
    assert found == {*READ, *REFUSED}
    assert (len(READ), len(REFUSED)) == (11, 10)


@pytest.mark.parametrize("name", READ)
def test_reads_and_prints(corpora: Path, name: str) -> None:
    """Would catch an example that is refused, or whose text in our language is another program."""
    program = program_of(text_of(corpora, f"{name}.qasm"), name)
    assert parse(to_text(program)) == program
    assert program.outputs


@pytest.mark.parametrize("name", REFUSED)
def test_is_refused_where_it_should_be(corpora: Path, name: str) -> None:
    """Would catch an example that is read as something else, and a refusal for another reason or place."""
    with pytest.raises(CompileError) as caught:
        program_of(text_of(corpora, f"{name}.qasm"), name)
    found = [(d.code.name, d.span) for d in caught.value.diagnostics]
    assert [f"{code} {span.source.position(span.start)[0]}" for code, span in found if span] == REFUSED[name]


@pytest.mark.parametrize("name", ["qft", "qpt", "rb"])
def test_has_the_outcomes_of_qiskit(corpora: Path, name: str) -> None:
    """Would catch a gate, a broadcast or a measurement misread: these are all that Qiskit's importer reads."""
    from qiskit import qasm3

    text = text_of(corpora, f"{name}.qasm")
    program, circuit = program_of(text, name), qasm3.loads(text)
    wires = len(program.kinds)
    ours = distribution(program_branches(program, zero_state(wires)))
    theirs = distribution(circuit_branches(circuit, zero_state(wires)))
    assert ours.keys() == theirs.keys()
    assert max(abs(ours[bits] - theirs[bits]) for bits in ours) < 1e-12


def test_adder_adds(corpora: Path) -> None:
    """Would catch bits of integers taken from the wrong end, and reversed ranges: 1 + 15 is 16."""
    assert outcomes_of(text_of(corpora, "adder.qasm")) == pytest.approx({frozenset({"ans[4]"}): 1.0})


@pytest.mark.parametrize("name", ["inverseqft1", "inverseqft2"])
def test_inverse_fourier_transform_of_all_states_is_zero(corpora: Path, name: str) -> None:
    """Would catch feed-forward on the wrong bits: of the even superposition each result is 0."""
    assert outcomes_of(text_of(corpora, f"{name}.qasm")) == {frozenset[str](): pytest.approx(1.0)}


def test_error_correction_restores(corpora: Path) -> None:
    """Would catch a syndrome misread: the flipped qubit gives syndrome 01, and is flipped back."""
    (outcome,) = outcomes_of(text_of(corpora, "qec.qasm"))
    assert outcome == {"b[0]"}


def test_teleportation_keeps_the_state(corpora: Path) -> None:
    """Would catch a correction on the wrong bit: U(0.3, 0.2, 0.1) gives 1 with probability sin²(0.15)."""
    outcomes = outcomes_of(text_of(corpora, "teleport.qasm"))
    assert probability(outcomes, "c2") == pytest.approx(math.sin(0.15) ** 2)
    assert probability(outcomes, "c0") == pytest.approx(0.5)


def test_iterative_phase_estimation(corpora: Path) -> None:
    """Would catch angles of bits, shifts and powers misread: the text followed by hand, for both eigenstates."""

    def expected(phase: float) -> dict[frozenset[int], float]:
        found, states = dict[frozenset[int], float](), [(frozenset[int](), 0, 1.0)]
        for turn in range(10):
            following: list[tuple[frozenset[int], int, float]] = []
            for bits, held, weight in states:
                angle = 2**turn * phase - 2 * math.pi * held / 1024
                for bit, share in ((0, math.cos(angle / 2) ** 2), (1, math.sin(angle / 2) ** 2)):
                    now = (held & ~1 | bit) << 1 & 1023
                    following.append((bits | {turn} if bit else bits, now, weight * share))
            states = [state for state in following if state[2] > 1e-12]
        for bits, _, weight in states:
            found[bits] = found.get(bits, 0.0) + weight
        return found

    program = program_of(text_of(corpora, "ipe.qasm"), "ipe")
    ours = distribution(program_branches(program, zero_state(2)))
    zero, other = expected(0.0), expected(3 * math.pi / 8)
    for bits in ours.keys() | zero.keys() | other.keys():
        assert ours.get(bits, 0.0) == pytest.approx((zero.get(bits, 0) + other.get(bits, 0)) / 2, abs=1e-9)


def test_repeat_until_success(corpora: Path) -> None:
    """Would catch turns of the bounded loop that run in the wrong place.

    An attempt succeeds with probability 5/8 and turns by a - π, cos a = 3/5; a failed one does nothing. As written,
    `3 / 5` divides integers and is 0, so that the last gate turns by π - arccos(0); with floats it undoes the turn.
    """
    text = text_of(corpora, "rus.qasm")
    failed = (3 / 8) ** _ATTEMPTS
    assert probability(outcomes_of(text), "output_qubit") == pytest.approx(0.1 * (1 - failed) + 0.5 * failed)
    exact = outcomes_of(text.replace("3 / 5", "3.0 / 5.0"))
    assert probability(exact, "output_qubit") == pytest.approx(0.8 * failed)


def test_aliases_live_in_their_block(corpora: Path) -> None:
    """Would catch an alias that outlives its block.

    The inner `io` is another name, so that each turn teleports the first qubit, which its own measurement leaves in
    |0⟩ or |1⟩; the Hadamard gate before the last measurement makes that a fair coin.
    """
    text = text_of(corpora, "varteleport.qasm").replace("n_pairs = 10", "n_pairs = 2")
    assert probability(outcomes_of(text), "output_qubit") == pytest.approx(0.5)


def test_standard_gates_are_rows_of_the_table(corpora: Path) -> None:
    """Would catch a gate of stdgates.inc that is not the row of its name, its phase included, and U misread."""
    program = program_of(text_of(corpora, "stdgates.inc"), "stdgates.inc")
    assert len(program.definitions) == 32
    angles = tuple(number(value) for value in (0.3, -1.1, 2.7, 0.9))
    for definition in program.definitions:
        gate = definition.gate
        wires, register = tuple(range(len(gate.wires))), Register("q", "qubit", len(gate.wires))
        defined = Op(gate, wires, angles[: len(gate.parameters)])
        known_ops = [Op(NAMES[gate.name.removesuffix("_2")], wires, defined.angles)]
        if gate.name == "CX_2":  # the file forgets the phase of U: what it writes is an S on the control, too
            known_ops.append(Op(NAMES["s"], (0,)))
        bodies = (defined,), tuple(known_ops)
        sides = [Program((register,), (), program.definitions, body) for body in bodies]
        ((ours,),), ((known,),) = (program_branches(side, probe_states(len(wires))).values() for side in sides)
        assert np.abs(ours - known).max() < 1e-12, gate.name
