"""Whatever is typed is read or refused with a diagnostic: never a traceback."""

import random
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qcompile.diagnostics import CompileError, Diagnostic
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import read
from qcompile.ir import Module

WHOLE = """name whole
version 1.0
target gaussian (shots=10)

int n = 2
float alpha = 0.3423 # a comment
complex beta = 0+5.21j
bool flag = True
str word = "text"
float array A[2, 2] =
    0.6, 0.8
    0.8, -0.6
float array V =
    1.5, 0.2
    0.2, 3
float array B =
    {b}, 2*{b}

for int i in 0:3
    Rgate(alpha**2/i) | i
    Sgate(-{s}, phi=0.1) | i
Coherent(beta) | 2
BSgate(pi/4, 0) | (0, 1)
Interferometer(A) | [0, 2]
Gaussian(V) | 0
GraphEmbed(A, mean_photon_per_mode=0.5) | [1, 2]
MeasureX | 0
Xgate(sqrt(2)*q0 + B[1]) | n
MeasureFock() | [1, 2]
"""
PIECES = ["(", ")", "[", "]", "{", "}", "|", ",", "\n", "\n    ", "=", "**", "-", "/", "0", "1e999", "3j", "q0",
          "\"", "#", "for int i in 0:9\n", "include \"x\"\n", "name", "float array A =\n", "\x00", "π",
          "MeasureX", "1000000000"]  # fmt: skip


def read_or_refuse(text: str) -> None:
    made: Module | None = None
    found: tuple[Diagnostic, ...] = ()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = read(text, "blackbird")
        except CompileError as fault:
            found = fault.diagnostics
    assert made is not None or found
    assert made is None or parse(to_text(made)) == made
    assert all(diagnostic.render() for diagnostic in found)


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_mutated_programs(seed: int, edits: int) -> None:
    """Catches a fault of the user's that ends in one of ours."""
    rng, text = random.Random(seed), WHOLE.replace("alpha**2/i", "alpha**2*i")
    for _ in range(edits):
        place = rng.randrange(len(text))
        length = rng.choice([0, 1, 1, 5, 30])
        text = text[:place] + rng.choice([*PIECES, "", text[place : place + 20]]) + text[place + length :]
    read_or_refuse(text)


@given(st.text('RSgateMeasurXP0123456789.+-*/|()[]{}, \n#"=qpij', max_size=80))
def test_random_texts(text: str) -> None:
    """Catches the same in what no program resembles."""
    read_or_refuse("name a\nversion 1.0\n" + text)


@pytest.mark.parametrize(
    "body",
    [
        "Rgate(" + "-" * 20_000 + "1) | 0", "Rgate(" + "2**" * 10_000 + "1) | 0", "Rgate(" + "(" * 100_000 + ") | 0",
        "Rgate(" + "1+" * 10_000 + "1) | 0", "\n" * 300_000 + "Vac | 0", "#" * 300_000,
        "Rgate(" + "9" * 100_000 + ") | 0",
        "Rgate(A[" * 5_000, "Vac | " + "9" * 5_000, "for int i in 0:" + "9" * 400 + "\n    Vac | 0", "Vac | 1e300",
        "Xgate(q" + "9" * 5_000 + ") | 0", "float array A[" + "9" * 300 + ", 1] =\n    {A}",
        "\n    # c" * 100_000 + "\nVac | 0",
        "Rgate({a}**2**2**{a}) | 0", "Rgate(" + "sin(" * 70 + "{a}" + ")" * 70 + ") | 0", "Vac | 0" + "\r" * 100_000,
    ],
)  # fmt: skip
def test_long_and_deep_texts(body: str) -> None:
    """Catches recursion without a bound, a number that no float holds, and time that grows with the square."""
    read_or_refuse("name a\nversion 1.0\n" + body + "\n")
