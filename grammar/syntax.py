"""Our own language's text to its syntax tree."""

from __future__ import annotations

from functools import lru_cache
from operator import attrgetter
from pathlib import Path

from qcompile.diagnostics import Source
from qcompile.grammar import tree
from qcompile.grammar.dialect import Dialect, check_text, parse_tree
from qcompile.grammar.hints import syntax_hint
from qcompile.grammar.nodes import NodeMaker
from qcompile.grammar.straight import plain_statements

DIALECT = Dialect(Path(__file__).with_name("qcompile.lark"), NodeMaker, syntax_hint, ("module", "operator"))


def read_module(source: Source) -> tuple[tree.Statement, ...]:
    """The statements of a text, the plain ones as `Plain`; raises all its syntax errors at once."""
    check_text(source, DIALECT)
    plain, rest = plain_statements(source.text, DIALECT.steps, keywords)
    others: tuple[tree.Statement, ...] = parse_tree(source, DIALECT, "module", rest)
    return tuple(sorted((*plain, *others), key=attrgetter("start"))) if plain else others


def parsed_module(source: Source) -> tuple[tree.Statement, ...]:
    """The statements of a text by the parser alone, none of them `Plain`."""
    statements: tuple[tree.Statement, ...] = parse_tree(source, DIALECT, "module")
    return statements


def read_operator(source: Source) -> tree.Expression:
    """A text that is one expression."""
    expression: tree.Expression = parse_tree(source, DIALECT, "operator")
    return expression


@lru_cache(maxsize=1)
def keywords() -> frozenset[str]:
    """The words that the grammar keeps for itself."""
    patterns = (terminal.pattern for terminal in DIALECT.parser.terminals)
    return frozenset(p.value for p in patterns if p.type == "str" and p.value.isidentifier())
