"""Columns of a panel in rows that fit a width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from qcompile.draw.picture import Face, Frame, Item, Panel


@dataclass(frozen=True, slots=True)
class Band:
    """Columns `first` to before `last`, in some unit: where each starts, how wide it is, and where all of them end."""

    first: int
    last: int
    starts: tuple[int, ...]
    widths: tuple[int, ...]
    width: int

    def start(self, column: int) -> int:
        return self.starts[column - self.first]

    def end(self, column: int) -> int:
        """Where the column ends; the place itself is outside."""
        return self.start(column) + self.widths[column - self.first]

    def middle(self, column: int) -> int:
        return self.start(column) + self.widths[column - self.first] // 2

    def extent(self, frame: Frame) -> tuple[int, int]:
        """The first and the last of its columns that are in the band."""
        return max(frame.start, self.first), min(frame.end, self.last - 1)


def column_widths(panel: Panel, measure: Callable[[Face], int], edge: int, label: Callable[[str], int]) -> list[int]:
    """The width of each column: its widest box, or the edge of a frame; the edges make room for the frame's label."""
    widths = [edge] * panel.columns
    for item in panel.items:
        widths[item.column] = max(widths[item.column], measure(item.face))
    for frame in panel.frames:
        middle = frame.end if frame.otherwise is None else frame.otherwise
        missing = max(0, label(f"if {frame.label}") - sum(widths[frame.start : middle]))
        widths[frame.start] += missing - missing // 2
        widths[middle if frame.otherwise is None else middle - 1] += missing // 2
        if frame.otherwise is not None:
            widths[frame.end] += max(0, label("else") - sum(widths[middle : frame.end]))
    return widths


def label_widths(panel: Panel, label: Callable[[str], int]) -> dict[int, int]:
    """What the labels of frames take, by the column that each begins in."""
    found: dict[int, int] = {}
    for frame in panel.frames:
        found[frame.start] = max(found.get(frame.start, 0), label(f"if {frame.label}"))
        if frame.otherwise is not None:
            found[frame.otherwise] = max(found.get(frame.otherwise, 0), label("else"))
    return found


def bands(widths: Sequence[int], labels: Mapping[int, int], gap: int, available: int) -> list[Band]:
    """The columns in order, as many in each band as fit with the labels that begin there; one at least.

    `gap` stands before and after each column.
    """
    found: list[Band] = []
    first, at, end, starts = 0, gap, 0, list[int]()
    for column, width in enumerate(widths):
        needed = max(width, labels.get(column, 0))
        if starts and at + needed + gap > available:
            found.append(Band(first, column, tuple(starts), tuple(widths[first:column]), end))
            first, at, end, starts = column, gap, 0, []
        starts.append(at)
        end = max(end, at + needed)
        at += width + gap
    return [*found, Band(first, len(widths), tuple(starts), tuple(widths[first:]), end)]


def margins(frames: Iterable[Frame], lanes: int) -> list[tuple[int, int]]:
    """How many edges of the frames lie above and below each lane."""
    above, below = [0] * lanes, [0] * lanes
    for frame in frames:
        above[frame.top] = max(above[frame.top], frame.above + 1)
        below[frame.bottom] = max(below[frame.bottom], frame.below + 1)
    return list(zip(above, below, strict=True))


def contents(panel: Panel, found: Sequence[Band]) -> list[tuple[list[Item], list[Frame]]]:
    """The items and the frames of each band, outer frames first."""
    number = [k for k, band in enumerate(found) for _ in range(band.first, band.last)]
    parts: list[tuple[list[Item], list[Frame]]] = [([], []) for _ in found]
    for item in panel.items:
        parts[number[item.column]][0].append(item)
    for frame in sorted(panel.frames, key=lambda frame: (frame.start, -frame.end)):
        for _, frames in parts[number[frame.start] : number[frame.end] + 1]:
            frames.append(frame)
    return parts
