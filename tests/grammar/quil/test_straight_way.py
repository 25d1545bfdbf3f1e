"""The straight way through plain Quil gives what the grammar gives, and fast."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qcompile.diagnostics import CompileError, Source
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.quil import reader
from qcompile.grammar.quil.fast import straight
from qcompile.grammar.quil.memory import Memory

pytestmark = pytest.mark.filterwarnings("ignore::qcompile.diagnostics.CompileWarning")
HEAD = "DECLARE t REAL[3]\nDECLARE n INTEGER\nDECLARE ro BIT[2]\n"
ATOMS = ("0.5", "2", ".25", "3.", "1e-3", "1e999", "-0", "-1.5", "pi", "-pi/2", "t[1]", "t", "t[9]", "none[0]",
         "2*t[0]", "-t[2]+pi", "n", "ro[0]", "sin(t[0])", "2i", "1.5.2", "1e", "pi2", "", "%a", "3*-2", "0x1",
         "٣")  # fmt: skip
NAMES = (
    "H",
    "X",
    "CNOT",
    "RX",
    "RZ",
    "CPHASE",
    "FSIM",
    "U",
    "I",
    "CPHASE00",
    "NOPE",
    "RESET",
    "FENCE",
    "h",
    "H2",
    "LABEL",
)
LINES = ("", "   ", "# H 0", "H 0 # said", "MEASURE 0 ro[0]", "MEASURE 1 ro", "MEASURE 2", "MEASURE 0 ro[7]",
         "DECLARE late REAL", "DECLARE t BIT", "MOVE t[0] 0.5", "H 0; X 1", "CONTROLLED X 0 1", "RX(1", "NOP",
         "PRAGMA x", "EXTERN NOPE", "DEFGATE NOPE:\n    1, 0\n    0, 1", "DECLARE pi REAL", "MEASURE 0 t[0]", "\tX 0",
         "X 0\r", "DECLARE s BIT SHARING ro", "MEASURE 0 ro[00]", "DECLARE z BIT[0]")  # fmt: skip


@st.composite
def lines(draw: st.DrawFn) -> str:
    """Mostly plain lines, with some that only look so, and some faults."""
    if draw(st.integers(0, 5)) == 0:
        return draw(st.sampled_from(LINES))
    name, blank = draw(st.sampled_from(NAMES)), draw(st.sampled_from((" ", "  ", "\t")))
    angles = draw(st.lists(st.sampled_from(ATOMS), max_size=2))
    listed = f"({draw(st.sampled_from((',', ', ', ' ,'))).join(angles)})" if angles else ""
    wires = draw(st.lists(st.sampled_from(("0", "1", "2", "07", "999999", "1.5", "q")), min_size=1, max_size=3))
    return f"{name}{listed}{blank}{blank.join(wires)}"


def outcome(text: str) -> object:
    try:
        program = reader.read(Source("<text>", text), ReadOptions())
    except CompileError as fault:
        return str(fault)
    return program, [statement.span for statement in program.body], [p.span for p in program.parameters]


@given(st.lists(lines(), max_size=5), st.booleans())
def test_both_ways_agree(texts: list[str], ends: bool) -> None:
    """Catches a line that the straight way takes for another, and a fault, place or name it loses."""
    text = HEAD + "\n".join(texts) + "\n" * ends
    quick = outcome(text)
    with patch.object(reader, "straight", return_value=None):
        assert quick == outcome(text)


def test_plain_lines_go_the_straight_way() -> None:
    """Catches a short way that nothing takes."""
    text = HEAD + "H 0  # first\n\nRX(-pi/2 + t[0]*2) 1\nCNOT 0 1\nRZ(0.25) 0\nMEASURE 0 ro[1]\n"
    script = straight(Source("<text>", text), Memory())
    assert script is not None
    assert len(script.steps) == 4
    assert script.wires == 2
    assert straight(Source("<text>", text + "NOT ro[0]\n"), Memory()) is None
