"""Programs from Python."""

from qcompile.builder.builder import Builder
from qcompile.builder.expression import (
    Expression,
    arccos,
    arcsin,
    arctan,
    cos,
    cosh,
    exp,
    log,
    pi,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)
from qcompile.builder.places import Cell, Places, Wire

__all__ = [
    "Builder",
    "Cell",
    "Expression",
    "Places",
    "Wire",
    "arccos",
    "arcsin",
    "arctan",
    "cos",
    "cosh",
    "exp",
    "log",
    "pi",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]
