"""Blackbird, the language of Strawberry Fields: text to IR."""

from qcompile.grammar.blackbird.reader import read

__all__ = ["read"]
