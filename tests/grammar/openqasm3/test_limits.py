"""Texts that are too large, too deep or broken: a diagnostic, soon, and never anything else."""

import random
import time
import warnings
from pathlib import Path

import pytest

from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.grammar.languages import ReadOptions, read

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
CHAIN = "".join(f"def f{i}(qubit q) {{ f{i - 1}(q); f{i - 1}(q); }}\n" for i in range(1, 60))
LARGE = {
    "qubit q; for int i in [0:1000000000] { x q; }": Code.TOO_LARGE,
    "qubit q; for int i in [0:3:10000000000000000000000000000000] { x q; }": Code.TOO_LARGE,
    "qubit q; int n = 0; while (true) n ^= 1;": Code.TOO_LARGE,
    "qubit q; int n = 0; for int i in [0:999] for int j in [0:999] n += 1;": Code.TOO_LARGE,
    "qubit[1000000000] q;": Code.TOO_LARGE,
    "array[int[8], 1000, 1000] a;": Code.TOO_LARGE,
    "int[100000] n;": Code.TOO_LARGE,
    "qubit q; pow(1000000000) @ h q;": Code.TOO_LARGE,
    "x $99999999999;": Code.TOO_LARGE,
    f"int n = {'9' * 5000};": Code.TOO_LARGE,
    "int n = 2**1000000000;": Code.BAD_NUMBER,
    "int n = 1 << 1000000000;": Code.BAD_NUMBER,
    f"qubit q; rx({'(' * 10**5}1{')' * 10**5}) q;": Code.TOO_DEEP,
    f"qubit q; {'{' * 70} x q; {'}' * 70}": Code.TOO_DEEP,
    f"qubit q; bit c = measure q; {'if (c) ' * 2000} x q;": Code.TOO_DEEP,
    f"{CHAIN}def f0(qubit q) {{ x q; }}\nqubit q; f59(q);": Code.TOO_LARGE,
    f"qubit[3] q; {'ctrl @ ' * 20000} x q[0];": Code.WRONG_ARITY,
    "def f(qubit q) { f(q); }\nqubit q; f(q);": Code.RECURSION,
    "qubit[13] q; bit[13] c = measure q; uint[13] n = c; n += 1; rx(n) q[0];": Code.OUT_OF_REACH,
}


@pytest.mark.parametrize("text", LARGE, ids=[f"{number}" for number in range(len(LARGE))])
def test_is_refused_soon(text: str) -> None:
    """Would catch a text that takes memory or time before it is refused, or that is refused by a traceback."""
    begun = time.process_time()
    with pytest.raises(CompileError) as caught:
        read(HEAD + text, "openqasm3")
    assert caught.value.diagnostics[0].code is LARGE[text]
    assert time.process_time() - begun < 8  # two seconds on an idle machine


def test_long_chains_are_no_depth() -> None:
    """Would catch operators, signs and `else if` that are walked by recursion."""
    branches = "".join(f"if (n == {k}) x q; else " for k in range(300))
    read(f"{HEAD}qubit q; int n = 299; rx({'1 + ' * 3000}1) q; rx({'-' * 3001}1) q; {branches} y q;", "openqasm3")


def test_a_register_of_many_bits() -> None:
    """Would catch a copy of the whole memory for each branch or measurement."""
    begun = time.process_time()
    text = "qubit[1000] q; bit[1000] c; c = measure q; for int i in [0:999] { if (c[i]) x q[i]; }"
    read(HEAD + text, "openqasm3")
    assert time.process_time() - begun < 8


TEXT = """OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta; const int n = 2; array[float[64], 2] w = {0.5, 1.5};
gate g(a) u, v { ctrl @ rx(a/2) u, v; pow(0.5) @ x u; }
def f(qubit[2] r, bit b) -> bit { if (b) { return measure r[0]; } return b; }
qubit[3] q; bit[2] c; uint[4] k = 3; angle[8] ang = pi/4; let al = q[0:1] ++ q[{2}];
for int i in [0:n] { rx(theta*i) q[i]; if (i == 1) continue; k += 1; }
g(w[0]) al[0], al[2]; c = measure q[0:1]; c[1] = f(q[1:2], c[0]);
while (c == 2) { c[1] = measure q[0]; } switch (k) { case 1, 5 { y q[0]; } default { rz(ang << 1) q[1]; } }
"""


def told(text: str) -> str:
    """What is said of the text."""
    try:
        read(text, "openqasm3", options=ReadOptions(loop_bound=3))
    except CompileError as fault:
        return str(fault)
    return ""


def test_mutated_texts_give_diagnostics() -> None:
    """Would catch a text that breaks the reader: pieces cut, doubled, moved, exchanged for others."""
    chance = random.Random(5)
    words = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ";",
        "q",
        "c",
        "1/0",
        "-1",
        "::",
        "measure",
        "if",
        "for",
        "$3",
        "@",
        '"',
        "def",
        "/*",
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        read(TEXT, "openqasm3", options=ReadOptions(loop_bound=3))
        for _ in range(400):
            text = TEXT
            for _ in range(chance.randint(1, 4)):
                a, b = sorted(chance.randrange(len(text)) for _ in range(2))
                piece = chance.choice([chance.choice(words), text[a : a + 9], "", text[b : b + 5]])
                text = text[:a] + piece + text[min(b, a + chance.randint(0, 12)) :]
            assert "Traceback" not in told(text)


def test_includes(tmp_path: Path) -> None:
    """Would catch a file read from elsewhere, a ring, and a place told in the wrong file."""
    (tmp_path / "mine.inc").write_text('include "stdgates.inc";\ngate g a { x a; y a; }\n', "utf-8")
    (tmp_path / "ring.inc").write_text('include "ring.inc";\n', "utf-8")
    (tmp_path / "wrong.inc").write_text("\n\nqubit q; x q;", "utf-8")
    options = ReadOptions(folder=tmp_path)
    read('include "mine.inc"; qubit q; g q;', "openqasm3", options=options)
    for name in ("ring.inc", "../other.inc", "missing.inc", "/etc/passwd", ".", "a\\b"):
        with pytest.raises(CompileError) as caught:
            read(f'include "{name}";', "openqasm3", options=options)
        assert caught.value.diagnostics[0].code is Code.IMPORT
    with pytest.raises(CompileError) as caught:
        read('include "wrong.inc";', "openqasm3", options=options)
    (fault,) = caught.value.diagnostics
    assert fault.span is not None
    assert (fault.code, fault.span.source.name) == (Code.UNKNOWN_GATE, "wrong.inc")
    assert fault.span.source.position(fault.span.start) == (3, 10)
