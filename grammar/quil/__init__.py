"""Quil: text to a program."""

from qcompile.grammar.quil.reader import read

__all__ = ["read"]
