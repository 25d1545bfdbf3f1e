"""The language: text to IR and back, and the gates' own words."""

from qcompile.grammar.decompose import decompose, invert
from qcompile.grammar.exponentials import exponent_of, exponent_slope, exponential
from qcompile.grammar.printer import to_text
from qcompile.grammar.reader import observe, parse, parse_operator

__all__ = [
    "decompose", "exponent_of", "exponent_slope", "exponential", "invert", "observe", "parse", "parse_operator",
    "to_text",
]  # fmt: skip
