"""Broken Quil is a diagnostic: with a place, with help, soon, and never anything else."""

import time
import warnings
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qcompile.diagnostics import Code, CompileError, CompileWarning, Diagnostic, Source
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.quil import read
from qcompile.ir.verify import verify

SEED = """DECLARE ro BIT[4]
DECLARE theta REAL[2]
DECLARE n INTEGER SHARING m OFFSET 1 OCTET
DEFGATE G(%a, %b):
    cis(%a), 0
    0, cis(-2*%b)

DEFGATE P AS PERMUTATION:
    0, 1, 3, 2

DEFGATE S2(%t) p q AS PAULI-SUM:
    XX(%t/2) p q
    Z(pi) p

DEFGATE Q(%t) p q AS SEQUENCE:
    CONTROLLED RX(%t) p q; H q

DEFCIRCUIT C(%a) q b:
    RX(%a^2) q
    # a comment
    MEASURE q b
    JUMP-UNLESS @SKIP b
    X q
    LABEL @SKIP

EXTERN NOISE
LABEL @START
RX(sin(theta[0]) - 1.5e-1/pi) 0
FORKED DAGGER RY(0.1, theta[1]) 0 1
G(1, theta[0]) 0
C(2i) 1 ro[0]
MOVE n -3; ADD n n
LT ro[1] n 2
LOAD n n n
STORE ro n 1
JUMP-WHEN @START ro[1]
PRAGMA x y 1 "a \\"b\\" c"
FENCE 0 1
RESET 0
MEASURE 1 ro[3]
HALT
"""
PIECES = ("(", ")", "[9]", "%a", "@", '"', ";", "\n", "\n    ", "^", "/0", "1e999", "i", "-", ",", ":", "#", "\t", "é",
          "AS SEQUENCE", "DEFGATE A:", "DECLARE", "CONTROLLED ", "theta", "ro", "JUMP @START", "0", " 1 1", "\r", "٣",
          "DEFCAL X 0:")  # fmt: skip


@st.composite
def broken(draw: st.DrawFn) -> str:
    """The text above with some parts cut, repeated, moved or replaced."""
    text = SEED
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        stop = min(len(text), start + draw(st.integers(0, 60)))
        piece = draw(
            st.one_of(st.sampled_from(PIECES), st.just(text[start:stop] * 2), st.just(""), st.text(max_size=5))
        )
        text = text[:start] + piece + text[stop:]
    return text


def diagnostics_of(text: str, bound: int | None = None) -> Sequence[Diagnostic]:
    """What is wrong with a text; nothing of a program that holds."""
    try:
        verify(read(Source("<text>", text), ReadOptions(loop_bound=bound)))
    except CompileError as fault:
        return fault.diagnostics or pytest.fail("it is refused without a word")
    return ()


@given(broken(), st.sampled_from([None, 2]))
def test_broken_texts_are_diagnosed(text: str, bound: int | None) -> None:
    """Catches a crash, a diagnostic without place or help, a program that does not hold."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        found = diagnostics_of(text, bound)
    assert all(diagnostic.help for diagnostic in found)
    assert all(diagnostic.span is not None for diagnostic in found if diagnostic.code != Code.NOT_TEXT)


LARGE = 10**5
EXTREMES = {
    "parentheses": f"RX({'(' * LARGE}1{')' * LARGE}) 0",
    "signs": f"RX({'-' * LARGE}1) 0",
    "modifiers": f"{'CONTROLLED ' * LARGE}X 0",
    "forks": f"{'FORKED ' * LARGE}RX(1) 0",
    "digits": f"RX({'1' * LARGE}) 0",
    "a size": f"DECLARE x BIT[{'1' * LARGE}]",
    "a qubit": f"X {'9' * LARGE}",
    "powers": f"RX({'^'.join(['9'] * 1000)}) 0",
    "blank lines": "DEFGATE A:\n    1, 0\n" + "\n    # x\n" * LARGE + "H 0 (",
    "circuits that double": "DEFCIRCUIT A0 q:\n    X q\n\n"
    + "".join(f"DEFCIRCUIT A{k} q:\n    A{k - 1} q\n    A{k - 1} q\n\n" for k in range(1, 60)) + "A59 0",
    "circuits that deepen": "DEFCIRCUIT A0 q:\n    X q\n\n"
    + "".join(f"DEFCIRCUIT A{k} q:\n    A{k - 1} q\n\n" for k in range(1, 999)) + "A998 0",
    "functions": "DEFCIRCUIT A0(%a) q:\n    RX(%a) q\n\n"
    + "".join(f"DEFCIRCUIT A{k}(%a) q:\n    A{k - 1}(sin(%a)*cos(%a)) q\n\n" for k in range(1, 60))
    + "DECLARE t REAL\nA59(t) 0",
    "a long loop": "DECLARE n INTEGER\nDECLARE b BIT\nLABEL @S\nX 0\nADD n 1\nLT b n 1000000000\nJUMP-WHEN @S b",
    "decisions": "DECLARE b BIT[300]\n"
    + "".join(f"MEASURE {k} b[{k}]\nJUMP-WHEN @E b[{k}]\n" for k in range(300)) + "X 0\nLABEL @E",
    "a wide condition": "DECLARE b BIT[40]\n" + "".join(f"MEASURE {k} b[{k}]\n" for k in range(40))
    + "".join(f"XOR b[0] b[{k}]\n" for k in range(1, 40)) + "JUMP-WHEN @E b[0]\nX 0\nLABEL @E",
    "a ring": "".join(f"DEFGATE A{k} q AS SEQUENCE:\n    A{(k + 1) % 999} q\n\n" for k in range(999)) + "A5 0",
}  # fmt: skip


@pytest.mark.parametrize("case", EXTREMES)
def test_extremes_end_soon(case: str) -> None:
    """Catches time or memory that grows out of proportion, and recursion without end."""
    begin = time.process_time()
    found = diagnostics_of(EXTREMES[case])
    assert all(diagnostic.help and diagnostic.span for diagnostic in found)
    assert bool(found) == (case != "signs")
    assert time.process_time() - begin < 4  # 2 on a quiet machine
