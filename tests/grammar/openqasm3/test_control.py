"""Branches, loops and jumps on results: the distribution of what is measured."""

import pytest
from outcomes import distribution, program_branches, zero_state

from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import ReadOptions, read
from qcompile.ir import If, Measure, Program, Samples

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def program_of(text: str, bound: int | None = None) -> Program:
    program = read(HEAD + text, "openqasm3", options=ReadOptions(loop_bound=bound))
    assert isinstance(program, Program)
    assert parse(to_text(program)) == program
    return program


def sampled(text: str, bound: int | None = None) -> dict[str, float]:
    """The probability of each sample, the first cell on the left."""
    program = program_of(text, bound)
    (output,) = program.outputs
    assert isinstance(output, Samples)
    found = dict[str, float]()
    for bits, weight in distribution(program_branches(program, zero_state(len(program.kinds)))).items():
        shown = "".join("01"[cell in bits] for cell in output.cells)
        found[shown] = found.get(shown, 0.0) + weight
    return found


COIN = "qubit q; h q; bit c = measure q;"
RESET = "reset q; if (e) x q; measure q[0] -> d;"
LATE = "if (n == 1) x q; d = measure q;"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{COIN} bit d; if (c) x q; d = measure q;", {"00": 0.5, "10": 0.5}),
        (f"{COIN} bit d; if (c == 0) {{ x q; }} else {{ }} d = measure q;", {"01": 0.5, "11": 0.5}),
        (f"{COIN} int n = 3; if (c) n = 4; bit d; if (n == 4) x q; d = measure q;", {"00": 0.5, "10": 0.5}),
        (f"{COIN} bit d; if (!c) end; x q; d = measure q;", {"00": 0.5, "10": 0.5}),
        (
            f"{COIN} bit d; for int i in [1:3] {{ if (c) continue; x q; }} d = measure q;",
            {"01": 0.5, "11": 0.5},
        ),
        (
            f"{COIN} bit d; for int i in [1:3] {{ if (c && i == 2) break; x q; }} d = measure q;",
            {"01": 0.5, "10": 0.5},
        ),
        (
            f"def f(qubit q, bit c) -> int {{ if (c) return 1; x q; return 2; }}\n{COIN} int n = f(q, c); bit d;{LATE}",
            {"01": 0.5, "10": 0.5},
        ),
        (
            f"{COIN} bit d; switch (int(c)) {{ case 0 {{ x q; }} case 1 {{ }} default {{ h q; }} }} d = measure q;",
            {"01": 0.5, "11": 0.5},
        ),
        (f"{COIN} bit d; rx(int(c)*pi) q; d = measure q;", {"00": 0.5, "10": 0.5}),
        (f"{COIN} bit d; pow(int(c)) @ x q; d = measure q;", {"00": 0.5, "10": 0.5}),
        (
            f"qubit[2] q; bit[2] c; bit d; h q; c = measure q; bit e = c[0] ^ c[1];{RESET}",
            {"000": 0.25, "110": 0.25, "101": 0.25, "011": 0.25},
        ),
    ],
)  # fmt: skip
def test_feed_forward(text: str, expected: dict[str, float]) -> None:
    """Would catch a statement that is run on the wrong side of a branch or a jump."""
    found = sampled(text)
    assert found == pytest.approx(expected)


UNTIL_ONE = {
    "qubit q; bit c; while (!c) { h q; c = measure q; }": {"0": 1 / 8, "1": 7 / 8},
    "qubit q; bit c; while (true) { h q; c = measure q; if (c) break; }": {"0": 1 / 8, "1": 7 / 8},
    "def toss(qubit q) -> bit { h q; return measure q; }\nqubit q; bit c = 0; while (c == 0) c = toss(q);": {
        "0": 1 / 8, "1": 7 / 8,
    },
}  # fmt: skip


@pytest.mark.parametrize("text", list(UNTIL_ONE)[:2])
def test_bounded_loops(text: str) -> None:
    """Would catch a turn too many or too few, or one that runs where the loop has ended.

    The first turn, which is known to run, counts too.
    """
    assert sampled(text, 3) == pytest.approx(UNTIL_ONE[text])
    measured = [s for s in program_of(text, 3).statements() if isinstance(s, Measure)]
    assert len(measured) == 3
    assert {s.cells for s in measured} == {(0,)}


def test_a_loop_whose_results_move() -> None:
    """Would catch a condition whose bits are measured again while it is needed: results then take fresh cells."""
    text = list(UNTIL_ONE)[2]
    with pytest.warns(CompileWarning, match="`c` is worked out from results"):
        program = read(HEAD + text, "openqasm3", options=ReadOptions(loop_bound=3))
    assert isinstance(program, Program)
    found = distribution(program_branches(program, zero_state(1)))
    assert found[frozenset()] == pytest.approx(1 / 8)


def test_a_loop_without_a_bound_is_refused() -> None:
    """Would catch a loop that is unrolled at a guess."""
    with pytest.raises(CompileError, match="--loop-bound") as caught:
        read(HEAD + next(iter(UNTIL_ONE)), "openqasm3")
    assert caught.value.diagnostics[0].code is Code.UNBOUNDED


def test_a_condition_measured_again_inside() -> None:
    """Would catch what a branch chose told by a bit that has changed since."""
    text = f"{COIN} bit d; int n = 0; if (c) {{ x q; c = measure q; n = 1; }} if (n == 1) x q; d = measure q;"
    assert sampled(text) == pytest.approx({"000": 0.5, "011": 0.5})  # c, d, n


def test_results_in_the_order_of_declaration() -> None:
    """Would catch samples in another order, of what is not measured, or of what an `output` leaves out."""
    text = "qubit[3] q; bit[2] c; bit unused; bit d; d = measure q[2]; c[1] = measure q[0];"
    assert program_of(text).outputs == (Samples((), (1, 3)),)
    text = "qubit[3] q; bit[2] c; output bit d; d = measure q[2]; c[1] = measure q[0];"
    assert program_of(text).outputs == (Samples((), (2,)),)
    assert program_of("qubit q; x q;").outputs == ()


def test_results_in_the_order_of_their_variables() -> None:
    """Would catch bits put before an integer that is declared before them."""
    head = "def f(qubit a) -> bit { return measure a; }"
    program = program_of(f"{head}\nqubit[2] q; uint[1] n; bit c; c = measure q[1]; n = f(q[0]);")
    (output,) = program.outputs
    assert isinstance(output, Samples)
    measured = {s.cells[0]: s.wire for s in program.statements() if isinstance(s, Measure)}
    assert [measured[cell] for cell in output.cells] == [0, 1]


def test_results_in_integers_and_angles() -> None:
    """Would catch bits of an integer that are lost, or returned the wrong way round."""
    text = "qubit[2] q; uint[2] n; for int i in [0:1] { bit b = measure q[i]; n[1 - i] = b; }"
    program = program_of(text)
    assert isinstance(program.outputs[0], Samples)
    order = program.outputs[0].cells
    measured = {s.cells[0]: s.wire for s in program.statements() if isinstance(s, Measure)}
    assert [measured[cell] for cell in order] == [1, 0]


def test_a_result_that_is_worked_out_is_said_to_be_left_out() -> None:
    """Would catch a result that disappears without a word."""
    text = f"{COIN} output bit d; d = ~c;"
    with pytest.warns(CompileWarning, match="`d` is worked out"):
        read(HEAD + text, "openqasm3")


DROPPED = {
    "#pragma anything at all": "a pragma", "@reversible\nx q;": "an annotation", "delay[100ns] q;": "a delay",
    "duration d = 2*50us; delay[d/2] q;": "a delay", "nop q;": "nop", 'defcalgrammar "openpulse";': "calibration",
}  # fmt: skip


@pytest.mark.parametrize("text", DROPPED)
def test_what_changes_nothing_is_left_out_with_a_word(text: str) -> None:
    """Would catch a statement without effect that is refused, or dropped in silence."""
    with pytest.warns(CompileWarning, match=DROPPED[text]) as caught:
        read(f"{HEAD}qubit q; for int i in [0:2] {{ x q; }}\n{text}", "openqasm3")
    assert len(caught) == 1


def test_measurements_on_one_path() -> None:
    """Would catch a branch that is not kept, or barriers and resets that are."""
    program = program_of(f"{COIN} if (c) {{ barrier q; reset q; }} box {{ x q; }}")
    assert sum(isinstance(statement, If) for statement in program.body) == 1
