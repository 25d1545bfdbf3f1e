"""OpenQASM 2 text to its syntax tree."""

from __future__ import annotations

import re
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, cast

from qcompile.diagnostics import Source
from qcompile.grammar.dialect import Dialect, check_text, parse_tree
from qcompile.grammar.openqasm2.nodes import NodeMaker
from qcompile.grammar.openqasm2.plain import plain_statements
from qcompile.grammar.openqasm2.tree import Statement
from qcompile.grammar.tree import Application
from qcompile.grammar.walk import parts

# By what stands at the fault.
_AT = {
    r"\"|'": "a file's name ends with the quote that it begins with, on the same line",
    r"π": "write `pi`",
    r"°": "angles are in radians: `45*pi/180`",
    r"ctrl\b|inv\b|pow\b|@": "modifiers belong to OpenQASM 3; its files begin with `OPENQASM 3.0;`",
    r"#": "comments begin with `//`",
    r"barrier\b": "`if` goes before one gate, `measure` or `reset`",
}
# By the statement up to the fault and with it.
_IN = {
    r"if\s*\(\s*\w+\s*\[": "a condition compares a whole register: `if(c==1) x q[0];`",
    r"if\s*\(\s*\w+\s*(=[^=]|!|<|>|\))": "a condition is `if(c==1) x q[0];`, with `==` and a whole number",
    r"if\s*\(.*==\s*[-+]": "a register is never negative: compare with 0 or more",
    r"if\s*\(.*\)\s*\{": "`if` goes before one statement, without braces: `if(c==1) x q[0];`",
    r"if\s*\(.*\)\s*if": "conditions do not nest: compare one register that holds both results",
    r"if\s+\w": "a condition stands in parentheses: `if(c==1) x q[0];`",
    r"measure\b[^-]*;": "say where the result goes: `measure q[0] -> c[0];`",
    r"measure\b.*=": "results go to the right: `measure q[0] -> c[0];`",
    r".*\*\*\Z": "powers are written `^`",
    r"\w+\s*[\[=]\Z": "results go to the right: `measure q[0] -> c[0];`",
    r"(qubit|bit)\b": "this is OpenQASM 3; here registers are `qreg q[2];` and `creg c[2];`",
    r"(qreg|creg)\s*\[": "the size stands after the name: `qreg q[2];`",
    r"(qreg|creg)\s+\w+\s*;": "a register states its size: `qreg q[2];`",
    r"(qreg|creg)\s+\w+\s*\[.*,|(qreg|creg)\b.*\]\s*,": "declare one register a statement: `qreg q[2];`",
    r"(for|while|def|let|const|input|float|int)\b": "this is OpenQASM 3; its files begin with `OPENQASM 3.0;`",
    r"gate\b[^{]*\[": "a gate acts on single qubits: `gate name(theta) a, b { … }`",
    r"gate\s+\w+\s*(\([^)]*\))?\s*\{": "name the qubits that the gate acts on: `gate name(theta) a, b { … }`",
    r"include\s+\w": 'a file\'s name stands in quotes: `include "qelib1.inc";`',
    r"\w+\s*(\(.*\))?\s*;": "name the qubits: `h q[0];`",
    r".*\[\s*\w*\s*:": "slices belong to OpenQASM 3; name each qubit, or the whole register",
    r".*\[\s*[A-Za-z_]": "indices are whole numbers: `q[0]`",
    r"\w+\s+\d": "name each qubit with its register: `cx q[0], q[1];`",
}


def _hint(text: str, start: int) -> str:
    """Help for a fault at `start`, or nothing."""
    for pattern, advice in _AT.items():
        if re.compile(pattern).match(text, start):
            return advice
    begin = max(text.rfind(mark, max(0, start - 300), start) for mark in ";{}") + 1 or max(0, start - 300)
    word = re.compile(r"\w*").match(text, start)
    statement = re.sub(r"\A(\s|//[^\n]*\n)+", "", text[begin : max(start + 1, word.end() if word else 0)])
    if statement == ";":
        return "leave this `;` out"
    return next((advice for pattern, advice in _IN.items() if re.match(pattern, statement, re.DOTALL)), "")


DIALECT = Dialect(
    Path(__file__).with_name("grammar.lark"),
    NodeMaker,
    _hint,
    comment=r"//[^\n]*|/\*[\s\S]*?\*/|\"[^\"\n]*\"|'[^'\n]*'",
    opener="QREG",
    spelling={"INT": "a whole number", "STRING": "a file's name in quotes", "__ANON_0": "`->`"},
)


def read_statements(source: Source) -> tuple[Statement, ...]:
    """The statements of a text, the plain ones as `Plain`; raises all its syntax errors at once."""
    check_text(source, DIALECT)
    plain, rest = plain_statements(source.text, DIALECT.steps, _keywords())
    others: tuple[Statement, ...] = parse_tree(source, DIALECT, "module", rest)
    return tuple(sorted((*plain, *others), key=attrgetter("start"))) if plain else others


def parsed_statements(source: Source) -> tuple[Statement, ...]:
    """The statements of a text by the parser alone, none of them `Plain`."""
    statements: tuple[Statement, ...] = parse_tree(source, DIALECT, "module")
    return statements


def parsed_application(source: Source, start: int, end: int) -> Application:
    """What the parser makes of one plain statement, at its place."""
    (made,) = parse_tree(source, DIALECT, "module", source.text[start:end] + ";")
    return cast(Application, _moved(made, start))


def _moved(part: Any, offset: int) -> Any:
    """The part of a tree with its places, the only ints in it, counted from `offset`."""
    match part:
        case bool() | str() | None:
            return part
        case int():
            return part + offset
        case _:
            moved = [_moved(inner, offset) for inner in parts(part)]
            return tuple(moved) if type(part) is tuple else type(part)(*moved)


@lru_cache(maxsize=1)
def _keywords() -> frozenset[str]:
    patterns = (terminal.pattern for terminal in DIALECT.parser.terminals)
    return frozenset(p.value for p in patterns if p.type == "str" and p.value.isidentifier())
