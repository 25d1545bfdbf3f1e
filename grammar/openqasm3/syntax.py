"""An OpenQASM 3 text to its syntax tree, and help for what does not parse."""

from __future__ import annotations

import re
from pathlib import Path

from qcompile.diagnostics import Source
from qcompile.grammar.dialect import Dialect, parse_tree
from qcompile.grammar.openqasm3 import tree
from qcompile.grammar.openqasm3.nodes import NodeMaker

# By what stands at the fault.
_AT = {
    r"\^\^": "powers are written `**`, and `^` is the exclusive or of bits",
    r"#(?!pragma|dim)": "comments begin with `//`",
    r"°": "angles are in radians: `45*pi/180`",
}
# By the statement up to the fault and with it.
_IN = {
    r"(qubit|bit|int|uint|float|angle)\s+\w+\s*\[": "the size stands before the name: `qubit[2] q;`",
    r"(qubit|bit|int|uint|float|angle|bool)\b.*,": "declare one name at a time: `qubit a; qubit b;`",
    r"(qreg|creg)\s*\[": "the size stands after the name: `qreg q[2];`, or write `qubit[2] q;`",
    r"for\b.*\bin\s*(range\b|\w+\s*:)": "a range stands in brackets, both ends included: `for int i in [0:3] { … }`",
    r"for\b.*\.\.": "a range is `[0:3]`, both ends included",
    r"for\s*\(": "write `for int i in [0:3] { … }`",
    r"(if|while)\s+[\w!~]": "a condition stands in parentheses: `if (c[0]) x q[0];`",
    r"(if|while)\b.*=\s*\Z": "`==` compares, and `=` assigns",
    r"(if|while|for)\b.*:\s*\Z": "a block stands in braces: `if (c[0]) { x q[1]; }`",
    r"elif\b": "write `else if (…) { … }`",
    r"(case|default)\b[^{]*:": "a case is a block: `case 0 { … }`",
    r"gate\b[^{]*\[": "a gate acts on single qubits: `gate name(theta) a, b { … }`",
    r"gate\s+\w+\s*(\([^)]*\)\s*)?\{": "a gate names its qubits: `gate name(theta) a, b { … }`",
    r"def\b[^{]*\(\s*\w\Z": "an argument has a type: `def name(qubit q, int[32] n) { … }`",
    r"(inv|ctrl|negctrl|pow)\b": "modifiers end with `@`: `ctrl @ x q[0], q[1];`",
    r"const\s+\w\Z": "a constant has a type: `const int n = 4;`",
    r"measure\b.*=": "write `c = measure q;`, or `measure q -> c;`",
    r"\w+\s*(\+\+|--)\Z": "write `n += 1;`, or `n -= 1;`",
    r"include\s+[\"']": "the quotes are not closed on this line",
    r"include\s+[^\"']": 'the file stands in quotes: `include "stdgates.inc";`',
    r"OPENQASM\b": "write `OPENQASM 3.0;`",
    r"\w+\s*\(.*\)\s*\d|\w+\s+\d": "name each qubit: `cx q[0], q[1];`",
    r"(input|output)\s+\w\Z": "say the type: `input float theta;`",
    r".*'": 'bits stand in double quotes: `"0101"`',
}


def syntax_hint(text: str, start: int) -> str:
    """Help for a fault at `start`, or nothing."""
    for pattern, advice in _AT.items():
        if re.compile(pattern).match(text, start):
            return advice
    begin = max(text.rfind(mark, max(0, start - 300), start) for mark in ";{}") + 1
    statement = re.sub(r"\A(\s|//[^\n]*\n)+", "", text[begin or max(0, start - 300) : start + 1])
    if statement == ";":
        return "leave this `;` out"
    return next((advice for pattern, advice in _IN.items() if re.match(pattern, statement, re.DOTALL)), "")


_SPELLING = {
    "INTEGER": "a number", "FLOAT": "a number", "SCALAR": "a type", "STRING": "a file in quotes",
    "VERSION": "a version", "PHYSICAL": "a physical qubit", "ASSIGN": "`=`", "BITS": "bits in quotes",
}  # fmt: skip
DIALECT = Dialect(
    Path(__file__).with_name("grammar.lark"), NodeMaker, syntax_hint, opener="BARRIER", spelling=_SPELLING
)


def read_statements(source: Source) -> tuple[tree.Statement, ...]:
    """Raises all syntax errors at once."""
    statements: tuple[tree.Statement, ...] = parse_tree(source, DIALECT, "module")
    return statements
