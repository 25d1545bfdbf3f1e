"""Texts made to hang a reader or to fill the memory: each is read or refused soon."""

from __future__ import annotations

import resource
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from limits import at_most

from qcompile.diagnostics import CompileError, CompileWarning
from qcompile.grammar.languages import LANGUAGES, ReadOptions, read

MANY = 10**5
HUGE = 10**9
LONGEST = 2.0  # seconds of process time, and what long texts take to be looked through
PER_BYTE = 1e-5
MOST_MEMORY = 400_000  # kilobytes
_LINES = {"qc": ";\n", "openqasm2": ";\n", "openqasm3": ";\n", "quil": "\n", "blackbird": "\n"}
_HEADS = {
    "qc": "qubit q[4];\nbit c[4];\n",
    "openqasm2": 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[4];\ncreg c[4];\n',
    "openqasm3": 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[4] q;\nbit[4] c;\n',
    "quil": "DECLARE c BIT[4]\n",
    "blackbird": "name hostile\nversion 1.0\n\n",
}
_TURNED = {  # one op with this angle
    "qc": "rx(?) q[0];", "openqasm2": "rx(?) q[0];", "openqasm3": "rx(?) q[0];", "quil": "RX(?) 0",
    "blackbird": "Rgate(?) | 0",
}  # fmt: skip
_POWER = {"qc": "**", "openqasm2": "^", "openqasm3": "**", "quil": "^", "blackbird": "**"}
_ANGLES = {
    "parentheses": "(" * MANY + "1" + ")" * MANY,
    "functions": "sin(" * MANY + "1" + ")" * MANY,
    "signs": "-" * MANY + "1",
    "powers": "1{power}" * MANY + "1",
    "sums": "1+" * MANY + "1",
    "tower": "9{power}9{power}9{power}9",
    "power": "2{power}10{power}10",
    "digits": "9" * MANY,
    "fraction": "0." + "9" * MANY,
    "exponent": f"1e{HUGE}",
    "small": f"1e-{HUGE}",
    "open": "(" * MANY,
    "closed": ")" * MANY,
}


def doubling(first: str, step: str, use: str, depth: int = 40) -> str:
    """Definitions d0, d1 … each of which uses the one before twice, and a use of the last."""
    return first + "".join(step.format(f"d{k}", f"d{k - 1}") for k in range(1, depth)) + use.format(f"d{depth - 1}")


_CALLS = "def {0}() a {{ {1}() a; {1}() a; }}\n"
_GATES = "gate {0} a {{ {1} a; {1} a; }}\n"
_SQUARES = "gate {0}(t) a {{ {1}(t*t + t) a; }}\n"
_FUNCTIONS = "def {0}(qubit a) {{ {1}(a); {1}(a); }}\n"
_CIRCUITS = "DEFCIRCUIT {0} a:\n    {1} a\n    {1} a\n\n"
_SEQUENCES = "DEFGATE {0} a AS SEQUENCE:\n    {1} a\n    {1} a\n\n"
_CASES = {
    "qc": {
        "blocks": "if (true) {" * MANY + "x q[0];" + "}" * MANY,
        "else ifs": "if (true) { }" + " else if (true) { }" * (MANY // 4),
        "inverses": "inv @ " * MANY + "x q[0];",
        "controls": "ctrl @ " * MANY + "x q[0];",
        "powers of a gate": "pow(2) @ " * (MANY // 4) + "x q[0];",
        "a power of a gate": f"pow({HUGE}) @ h q[0];",
        "loop": f"for i in 0:{HUGE} {{ x q[0]; }}",
        "empty loop": f"for i in 0:{HUGE} {{ }}",
        "loops": f"for i in 0:{MANY} {{ for j in 0:{MANY} {{ x q[0]; }} }}",
        "empty loops": f"for i in 0:{MANY} {{ for j in 0:{MANY} {{ }} }}",
        "turns": f"while (c[0]) limit {HUGE} {{ c[0] = measure q[0]; }}",
        "qubits": f"qubit r[{HUGE}];",
        "bits": f"bit r[{HUGE}];",
        "parameters": f"param w[{HUGE}];",
        "array": f"const int a[{HUGE}] = [1];",
        "slice": f"x q[0:{HUGE}];",
        "sub-circuits": doubling("def d0() a { x a; }\n", _CALLS, "{0}() q[0];"),
        "empty sub-circuits": doubling("def d0() a { }\n", _CALLS, "{0}() q[0];"),
        "gates": doubling("gate d0 a { x a; }\n", _GATES, "{0} q[0];"),
        "angles": doubling("gate d0(t) a { rx(t) a; }\n", _SQUARES, "{0}(2) q[0];"),
        "expression": "param t[40]; rx(" + "*".join(f"(t[{k}] + 1)" for k in range(40)) + ") q[0];",
        "observable": "return expect(" + "(X[0] + Y[0])*" * 1000 + "1);",
        "power of an observable": f"return expect((X[0] + Y[1] + Z[2])**{MANY});",
        "outside": 'import "/etc/passwd";',
        "above": 'import "../../etc/passwd";',
        "endless file": 'import "/dev/zero";',
        "itself": 'import "hostile.qc";',
    },
    "openqasm2": {
        "blocks": "gate a b {" * MANY,
        "conditions": "if(c==1) " * MANY + "x q[0];",
        "qubits": f"qreg r[{HUGE}];",
        "bits": f"creg r[{HUGE}];",
        "gates": doubling("gate d0 a { x a; }\n", _GATES, "{0} q[0];"),
        "angles": doubling("gate d0(t) a { rx(t) a; }\n", _SQUARES, "{0}(2) q[0];"),
        "compared": f"if(c=={'9' * MANY}) x q[0];",
        "measured": f"qreg r[{MANY}]; creg d[{MANY}]; measure r -> d;",
        "barriers": f"qreg r[{MANY}];" + "barrier r;" * 100,
        "outside": 'include "/etc/passwd";',
        "above": 'include "../../etc/passwd";',
        "endless file": 'include "/dev/zero";',
        "itself": 'include "hostile.qasm";',
    },
    "openqasm3": {
        "blocks": "if (true) {" * MANY + "x q[0];" + "}" * MANY,
        "bare blocks": "{" * MANY,
        "else ifs": "if (true) { }" + " else if (true) { }" * (MANY // 4),
        "ifs": "if (true) " * MANY + "x q[0];",
        "loops without braces": "for int i in [0:1] " * MANY + "x q[0];",
        "inverses": "inv @ " * (MANY // 2) + "x q[0];",
        "controls": "ctrl @ " * (MANY // 2) + "x q[0];",
        "controls counted": f"ctrl({HUGE}) @ x q[0];",
        "a power of a gate": f"pow({HUGE}) @ h q[0];",
        "not": f"if ({'!' * MANY}c[0]) x q[0];",
        "casts": f"int n = {'int(' * MANY}1{')' * MANY};",
        "loop": f"for int i in [0:{HUGE}] {{ x q[0]; }}",
        "empty loop": f"for int i in [0:{HUGE}] {{ }}",
        "loops": f"for int i in [0:{MANY}] {{ for int j in [0:{MANY}] {{ x q[0]; }} }}",
        "empty loops": f"for int i in [0:{MANY}] {{ for int j in [0:{MANY}] {{ }} }}",
        "endless": "while (true) { }",
        "counted": f"int n = 0; while (n < {HUGE}) {{ n += 1; }}",
        "waits": "while (c[0]) { c[0] = measure q[0]; }",
        "measures": (  # into thousands of bits of one name
            "def read(qubit[2] a) -> bit[2] { bit[2] b; measure a -> b; return b; } "
            "bit[2] f; while (int[2](f) != 9) { f = read(q[0:1]); }"
        ),
        "qubits": f"qubit[{HUGE}] r;",
        "bits": f"bit[{HUGE}] r;",
        "width": f"int[{HUGE}] a;",
        "array": f"array[int, {HUGE}] a;",
        "dimensions": "array[int, 1000, 1000, 1000] a;",
        "parameters": f"input array[float, {HUGE}] w;",
        "slice": f"x q[0:{HUGE}];",
        "shift": f"int[64] n = 1; n = n << {HUGE}; rx(n) q[0];",
        "sub-circuits": doubling(
            "def d0(qubit a) { x a; }\n", _FUNCTIONS, "{0}(q[0]);", 22
        ),
        "empty sub-circuits": doubling(
            "def d0(qubit a) { }\n", _FUNCTIONS, "{0}(q[0]);", 22
        ),
        "two calls": "def f(int n) -> int { if (n < 2) { return n; } return f(n-1) + f(n-2); }\nrx(f(40)) q[0];",
        "gates": doubling("gate d0 a { x a; }\n", _GATES, "{0} q[0];"),
        "powers inside": doubling("gate d0 a { h a; }\n", "gate {0} a {{ pow(2) @ {1} a; }}\n", "{0} q[0];"),
        "aliases": doubling("let d0 = q[0:1];\n", "let {0} = {1} ++ {1};\n", "x {0};"),
        "measured": f"qubit[{MANY // 4}] r; bit[{MANY // 4}] d; d = measure r;",
        "measured again": "qubit[2000] r; bit[2000] d;" + "d = measure r;" * 10,
        "outside": 'include "/etc/passwd";',
        "above": 'include "../../etc/passwd";',
        "endless file": 'include "/dev/zero";',
        "itself": 'include "hostile.qasm";',
    },
    "quil": {
        "modifiers": "DAGGER " * MANY + "X 0",
        "controls": "CONTROLLED " * (MANY // 2) + "X " + " ".join(map(str, range(MANY // 2 + 1))),
        "forks": "FORKED " * 40 + "RX(" + ",".join(["1"] * 1000) + ") " + " ".join(map(str, range(41))),
        "loop": f"DECLARE n INTEGER\nLABEL @A\nX 0\nADD n 1\nLT c n {HUGE}\nJUMP-WHEN @A c",
        "empty loop": f"DECLARE n INTEGER\nLABEL @A\nADD n 1\nLT c n {HUGE}\nJUMP-WHEN @A c",
        "endless": "LABEL @A\nX 0\nJUMP @A",
        "waits": "LABEL @A\nMEASURE 0 c[0]\nJUMP-WHEN @A c[0]",
        "qubits": f"X {HUGE}",
        "memory": f"DECLARE r REAL[{HUGE}]",
        "circuits": doubling(
            "DEFCIRCUIT d0 a:\n    X a\n\n", _CIRCUITS, "{0} 0"
        ),
        "circuits at fault": doubling(
            "DEFCIRCUIT d0 a:\n    Y2 a\n\n", _CIRCUITS, "{0} 0", 19
        ),
        "circuits that say nothing": doubling(
            "DEFCIRCUIT d0 a:\n    PRAGMA x\n\n", _CIRCUITS, "{0} 0", 16
        ),
        "sequences": doubling(
            "DEFGATE d0 a AS SEQUENCE:\n    X a\n\n",
            _SEQUENCES,
            "{0} 0",
        ),
        "product": "DECLARE n INTEGER\nMOVE n 9\n" + "MUL n n\n" * 100 + "RX(n) 0",
        "comments": "# " * MANY + "\n@",
        "carriage returns": "X 0\n" + "# a # b # c\r" * 30 + "Y",
        "block of comments": "DEFCIRCUIT A:\n" + "    # a\n" * MANY,
        "measured again": "DECLARE r BIT[2000]\n" + "".join(f"MEASURE {k} r[{k}]\n" for k in range(2000)) * 5,
        "outside": 'INCLUDE "/etc/passwd"',
        "above": 'INCLUDE "../../etc/passwd"',
        "endless file": 'INCLUDE "/dev/zero"',
        "itself": 'INCLUDE "hostile.quil"',
    },
    "blackbird": {
        "brackets": "Vac | " + "[" * MANY + "0" + "]" * MANY,
        "loop": f"for int i in 0:{HUGE}\n    Vac | 0\n",
        "modes": f"Vac | {HUGE}",
        "array": f"float array A[{HUGE}, 2] =\n    1, 2\n\nVac | 0",
        "row": "float array A =\n    " + ",".join(["1"] * (MANY // 2)) + "\n\nVac | 0",
        "photons": f"Fock({HUGE}) | 0",
        "product": "float n0 = 9\n" + "".join(f"float n{k + 1} = n{k}*n{k}\n" for k in range(100)) + "Rgate(n100) | 0",
        "expression": "float n0 = {t}\n"
        + "".join(f"float n{k + 1} = n{k}*n{k}+n{k}\n" for k in range(60))
        + "Rgate(n60) | 0",
        "comments": "# " * MANY + "\n@",
        "outside": 'include "/etc/passwd"\nVac | 0',
        "above": 'include "../../etc/passwd"\nVac | 0',
        "endless file": 'include "/dev/zero"\nVac | 0',
        "itself": 'include "hostile.xbb"\nVac | 0',
    },
}  # fmt: skip
_WRONG = {"qc": "foo q[9]", "openqasm2": "foo q[9]", "openqasm3": "foo q[9]", "quil": "FOO 0", "blackbird": "FOO | 0"}


def cases_of(language: str) -> dict[str, str]:
    """What is said in every language, and in this one alone."""
    text, end, op = _TURNED[language], _LINES[language], _TURNED[language].replace("?", "1").removesuffix(";")
    turned = {name: text.replace("?", angle.replace("{power}", _POWER[language])) for name, angle in _ANGLES.items()}
    return turned | _CASES[language] | {
        "signs of no meaning": f"@{end}" * MANY,
        "errors": f"{_WRONG[language]}{end}" * (MANY // 5),
        "broken lines": f"foo bar +{end}" * MANY,
        "one line": (op + "; ") * (10**6 // 40) if language != "blackbird" else op * (10**6 // 20),
        "one word": "a" * 10**6,
        "blanks": " " * 10**6 + "@",
        "empty lines": "\n" * 10**6 + "@",
        "quotes": '"' * 10**6,
        "open string": '"' + "a" * 10**6,
        "open comment": "/*" + "a /" * 10**5,
        "comments on a line": "// " * 100 + "\nfoo bar +",
        "slashes": "/ " * MANY,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "name"), [(language, name) for language in LANGUAGES for name in cases_of(language)]
)
def test_ends_soon(language: str, name: str, tmp_path: Path) -> None:
    """Would catch exponential or quadratic reading, memory taken before sizes are checked, and any traceback."""
    text = f"{_HEADS[language]}{cases_of(language)[name]}\n"
    file = tmp_path / f"hostile{LANGUAGES[language].ending}"
    file.write_text(text, encoding="utf-8")
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with warnings.catch_warnings(), at_most(3 * (LONGEST + PER_BYTE * len(text))):
        warnings.simplefilter("ignore", CompileWarning)
        with suppress(CompileError):
            read(text, language, file.name, ReadOptions(folder=tmp_path, loop_bound=5))
    spent = time.process_time() - started
    assert spent < LONGEST + PER_BYTE * len(text)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY


@pytest.mark.parametrize("weight", ["pi/0", "1e300*1e300", "2**5000"])
def test_weights_of_a_derivative_are_finite(weight: str) -> None:
    """Would catch arithmetic of `shifted;` texts that is not guarded as that of angles is."""
    text = f"shifted;\nqubit q;\nparam t;\ntemplate t0 {{ rx(t) q; }}\ncomponent d[0] = {weight};\n"
    with pytest.raises(CompileError, match="QC0309"):
        read(text, "qc")


@pytest.mark.parametrize(
    "text",
    [
        (
            "adjoint;\nforward { qubit q; slot s; return expect(Z[0]); }\nreverse { gradient g[0] X[0]; }\n"
            "component d[0] wrt s = 1*g[0];"
        ),
        (
            "adjoint;\nforward { qubit q; param t; return expect(Z[0]); }\nreverse { gradient g[0] X[0]; }\n"
            "component d[1] wrt t = 1*g[0];"
        ),
        (
            "shifted;\ntemplate t0 { qubit q; slot s; rx(s) q; return expect(Z[0]); }\nrow r0 = t0(s = 1);\n"
            "component d[0] wrt s = 1*r0[0];"
        ),
        "shifted;\ntemplate t0 { qubit q; slot s; rx(s) q; }\nrow r0 = t0(s = 1);\nrow r1 = t0(s = 1);",
    ],
)
def test_derivatives_that_do_not_hold_together(text: str) -> None:
    """Would catch a derivative that is read and then found inconsistent, which is a fault of the reader's."""
    with pytest.raises(CompileError):
        read(text, "qc")


@pytest.mark.parametrize(
    "text",
    [
        "gate g a = [[0, im], [1, 1e308]];",
        "channel k a = [[0, im], [1, 1e308]], [[1e200, 0], [0, 1]];",
        "qubit q;\nparam t;\nrx(" + "2**" * 80 + "t) q;",
    ],
)
def test_is_refused_in_words(text: str) -> None:
    """Would catch a warning of NumPy that escapes, and a program that its own text cannot say."""
    with pytest.raises(CompileError):
        read(text, "qc")
