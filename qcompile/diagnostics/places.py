"""Texts, and places in them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Source:
    """A named text that spans point into."""

    name: str
    text: str = field(repr=False)
    _starts: list[int] = field(init=False, default_factory=list[int], compare=False, repr=False)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1. Linear once, then logarithmic."""
        line = bisect_right(self._line_starts(), offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The line of that number, from 1, without its end."""
        starts = self._line_starts()
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].removesuffix("\r")

    def _line_starts(self) -> list[int]:
        if not self._starts:
            self._starts.append(0)
            place = self.text.find("\n")
            while place >= 0:
                self._starts.append(place + 1)
                place = self.text.find("\n", place + 1)
        return self._starts


@dataclass(frozen=True, slots=True)
class Span:
    """Characters start to end (exclusive) of a source."""

    source: Source
    start: int
    end: int

    def record(self) -> dict[str, object]:
        """The place as plain data; the end is the first character after it."""
        line, column = self.source.position(self.start)
        end_line, end_column = self.source.position(max(self.start, self.end))
        place: dict[str, object] = {"file": self.source.name, "line": line, "column": column}
        return {**place, "end_line": end_line, "end_column": end_column}
