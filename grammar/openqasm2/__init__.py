"""OpenQASM 2."""

from __future__ import annotations

from qcompile.grammar.openqasm2.reader import read

__all__ = ["read"]
