"""Quil text to its syntax tree."""

from __future__ import annotations

import re
from pathlib import Path

from qcompile.diagnostics import Source
from qcompile.grammar.dialect import Dialect, parse_tree
from qcompile.grammar.quil import tree
from qcompile.grammar.quil.nodes import NodeMaker

# No end of a statement: what is broken in a block ends with the block.
_BLOCK_LINE = r"\n(?:[ \t\r]*(?:#[^\n]*)?\n){0,8}[ \t]+(?=[^\s#])"
_AT = {
    r'"[^"\n]*(\n|\Z)': 'a string ends on its line, with `"`; `\\"` stands for a quote in it',
    r"//|/\*": "comments begin with `#`",
    r"(?<=\*)\*": "powers are written `^`",
    r"%": "parameters stand in definitions and in the parentheses of gates: `RX(%theta) q`",
    r"@": "jumps name a label: `LABEL @START` and `JUMP @START`",
    r",": "qubits stand apart without commas: `CNOT 0 1`",
}
_IN = {
    r"MEASURE\s+\S+\s+\[": "memory is declared and named: `DECLARE ro BIT[2]`, `MEASURE 0 ro[0]`",
    r"DEFGATE\s[^:\n]*[\w)]\s*:\Z": "after its qubits a definition says `AS SEQUENCE:` or `AS PAULI-SUM:`",
    r"DEF(GATE|CIRCUIT)\s[^\n]*:\s*\n\Z": "the lines of a definition follow, indented by four spaces",
    r"DEF(GATE|CIRCUIT)\s[^:\n]*\n\Z": "the first line of a definition ends with `:`",
    r"DECLARE\s.*OFFSET\s+\d+\s*\Z": "an offset counts entries of a type: `SHARING a OFFSET 1 BIT`",
    r"DECLARE\s": "write `DECLARE theta REAL[2]`",
    r"EXTERN\s*": "write `EXTERN NAME`, one name a line",
    r"PRAGMA\s*": 'write `PRAGMA NAME`, then words and numbers, then at most one string in `"`',
    r"INCLUDE\s*": 'write `INCLUDE "file.quil"`',
    r"LOAD\b": "write `LOAD target region offset`; the offset is a place in memory of type INTEGER",
    r"STORE\b": "write `STORE region offset value`; the offset is a place in memory of type INTEGER",
    r"(JUMP|LABEL)\b": "write `LABEL @NAME`, `JUMP @NAME`, `JUMP-WHEN @NAME ro[0]`",
    r"MEASURE\s+\w+\s+\w+\[\d+\]\s+\S": "one instruction stands on a line: go on in the next, or write `;` before this",
    r"MEASURE\b": "write `MEASURE 0 ro[0]`",
    r"(NOT|NEG)\b": "write `NOT ro[0]`",
    r"(EQ|GT|GE|LT|LE)\b": "a comparison names where its result goes: `GT b x 0.5`",
    r"(AND|IOR|XOR|MOVE|ADD|SUB|MUL|DIV|EXCHANGE|CONVERT)\b": "write `MOVE target value`",
    r"(OPENQASM|qreg|creg|include)\b": "this is OpenQASM: name the file `.qasm`",
    r"(qubit|param|bit)\b": "this is qcompile's own language: name the file `.qc`",
    r"[^\n]*=": "nothing is assigned with `=`: write `MOVE theta 0.5`",
}


def read_module(source: Source) -> tuple[tree.Statement, ...]:
    """The statements of a text; raises all its syntax errors at once."""
    statements: tuple[tree.Statement, ...] = parse_tree(source, DIALECT, "module")
    return statements


def _hint(text: str, start: int) -> str:
    begin = max(text.rfind(mark, 0, start) for mark in "\n;") + 1
    if text[begin:start].startswith((" ", "\t")):  # a line of a block; what heads it says more
        begin = text.rfind("\n", 0, max(0, text.rfind("DEF", 0, start))) + 1
    statement = text[begin:start].lstrip()
    opened = DIALECT.open_bracket(statement, 0, len(statement))
    if text[start] == ";" and opened:
        return f"close the `{opened.group()}` of this line"
    if text[start].isalnum() and opened:
        return f"a sign is missing before this, or what closes the `{opened.group()}`"
    at = next((advice for pattern, advice in _AT.items() if re.compile(pattern).match(text, start)), "")
    shown = statement + text[start]
    return at or next((advice for pattern, advice in _IN.items() if re.match(pattern, shown, re.DOTALL)), "")


DIALECT = Dialect(
    Path(__file__).with_name("quil.lark"),
    NodeMaker,
    _hint,
    ("module", "expression"),
    comment=rf'#[^\n]*|"(?:[^"\\\n]|\\.)*"|{_BLOCK_LINE}',
    opener="DECLARE",
    end="\n",
    spelling={
        "INTEGER": "a whole number", "STRING": "a string", "PLACE": "a label", "PARAMETER": "a %parameter",
        "IMAGINARY": "an imaginary number", "_LINE": "the end of the line", "_SEMICOLON": "`;`",
        "_INDENT": "an indented line", "_COLON": "`:`", "_AS": "`AS`",
    },
)  # fmt: skip
