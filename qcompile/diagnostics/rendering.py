"""Lines of programs with places underlined, as terminals show them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qcompile.diagnostics.places import Source, Span

MAX_LABEL = 300
MAX_WIDTH = 140  # of what is shown of a line, in characters
_BEFORE = 70  # characters kept before a place far out on a very long line
_TAB = "    "


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to underline: the fault's own with `^`, another that is involved with `-`."""

    span: Span
    label: str
    is_primary: bool = False

    @property
    def line(self) -> int:
        return self.span.source.position(self.span.start)[0]

    @property
    def column(self) -> int:
        """From 0."""
        return self.span.source.position(self.span.start)[1] - 1


def snippet(marks: Sequence[Mark]) -> Iterator[str]:
    """The marked lines of each file, that of the first mark first: `-->` names its place, `:::` another file's."""
    width = max(len(str(mark.line)) for mark in marks)
    sources: list[Source] = []
    for mark in marks:
        if mark.span.source not in sources:
            sources.append(mark.span.source)
    for source in sources:
        here = [mark for mark in marks if mark.span.source == source]
        arrow = "-->" if source is sources[0] else ":::"
        yield f"{' ' * width} {arrow} {clean(source.name)}:{here[0].line}:{here[0].column + 1}"
        yield f"{' ' * width} |"
        yield from _lines(source, here, width)


def clean(text: str) -> str:
    """The text as a terminal can show it on one line: what does not print, or would reorder the line, is a dot."""
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def _lines(source: Source, marks: Sequence[Mark], width: int) -> Iterator[str]:
    previous = 0
    for number in sorted({mark.line for mark in marks}):
        if previous and number > previous + 1:
            yield "..."
        previous = number
        text = source.line(number)
        left = sorted((m for m in marks if m.line == number), key=lambda m: (not m.is_primary, m.column))
        while left:  # marks too far apart on a very long line have an excerpt each
            first, last = _window(len(text), left[0].column)
            here = [mark for mark in left if first <= mark.column <= last]
            left = [mark for mark in left if mark not in here]
            yield f"{number:>{width}} | {_excerpt(text, first, last)}"
            for mark in here:
                yield f"{' ' * width} | {_underline(text, mark, first, last)}"


def _window(length: int, column: int) -> tuple[int, int]:
    """The columns of a line that are shown so that this one is in sight, also where it is the line's end."""
    first = max(0, column - _BEFORE) if length > MAX_WIDTH else 0
    return first, max(column, min(length, first + MAX_WIDTH))


def _excerpt(text: str, first: int, last: int) -> str:
    return f"{'…' * (first > 0)}{clean(text[first:last])}{'…' * (last < len(text))}"


def _underline(text: str, mark: Mark, first: int, last: int) -> str:
    end = min(mark.column + max(1, mark.span.end - mark.span.start), last)
    indent = (first > 0) + _width(text[first : mark.column])
    sign = "^" if mark.is_primary else "-"
    label = clean(mark.label if len(mark.label) <= MAX_LABEL else f"{mark.label[:MAX_LABEL]}…")
    return f"{' ' * indent}{sign * max(1, _width(text[mark.column : end]))} {label}"


def _width(text: str) -> int:
    """The columns that the text takes on a terminal."""
    shown = clean(text)
    return len(shown) if shown.isascii() else sum(map(_cells, shown))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _shown(character: str) -> str:
    if character == "\t":
        return _TAB
    if character.isprintable():
        return character
    return " " if unicodedata.category(character) == "Zs" else "·"
