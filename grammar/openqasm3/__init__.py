"""Reads OpenQASM 3: the part that can be bounded when compiling."""

from qcompile.grammar.openqasm3.reader import read

__all__ = ["read"]
