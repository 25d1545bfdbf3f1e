"""Drawings of programs and derivatives, in the terminal and as SVG."""

from qcompile.draw.drawing import Drawing, draw

__all__ = ["Drawing", "draw"]
