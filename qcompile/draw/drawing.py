"""A drawing: as text, as SVG, in a notebook, in a file."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from qcompile.diagnostics import Code, error
from qcompile.draw.derivatives import draw_module
from qcompile.draw.layout import NO_LIMITS, Limits
from qcompile.draw.picture import Picture
from qcompile.draw.svg import svg_text
from qcompile.draw.text import Line, paint, plain
from qcompile.ir import Module

DEFAULT_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Drawing:
    """What `draw` gives. Widths are in characters, of which an SVG's are 8 px wide.

    >>> from qcompile import parse
    >>> print(draw(parse("qubit q[2]; h q[0]; cx q[0], q[1];")).text())
          ┌───┐
    q[0] ─┤ h ├─●──
          └───┘ │
    q[1] ───────⊕──
    <BLANKLINE>
    """

    picture: Picture

    def text(self, width: int = DEFAULT_WIDTH) -> str:
        """In box-drawing characters, in bands of at most `width` columns."""
        return plain(self.lines(width))

    def lines(self, width: int = DEFAULT_WIDTH) -> list[Line]:
        """The text as runs of characters of one style."""
        return list(paint(self.picture, width))

    def svg(self, width: int = DEFAULT_WIDTH) -> str:
        """A self-contained SVG document for light and dark pages."""
        return svg_text(self.picture, width)

    def save(self, path: str | os.PathLike[str], width: int = DEFAULT_WIDTH) -> None:
        """Write an SVG, or text where the name ends in `.txt`.

        Raises:
            CompileError: UNWRITABLE.
        """
        from qcompile.files import write_text

        file = Path(path)
        writers = {".svg": self.svg, ".txt": self.text}
        if file.suffix not in writers:
            raise error(Code.UNWRITABLE, f"`{file}` ends neither in `.svg` nor in `.txt`", help="name it `….svg`")
        write_text(file, writers[file.suffix](width))

    def __str__(self) -> str:
        return self.text(shutil.get_terminal_size((DEFAULT_WIDTH, 0)).columns).rstrip("\n")

    def _repr_svg_(self) -> str:
        return self.svg()


def draw(module: Module, *, everything: bool = False) -> Drawing:
    """Draw a program, or a derivative with its slots marked.

    Args:
        everything: also what a large program has beyond the first hundred columns and 128 wires.

    Raises:
        CompileError: TOO_LARGE, TOO_DEEP.
    """
    return Drawing(draw_module(module, NO_LIMITS if everything else Limits()))
