"""The text painter: box-drawing characters, one style for each run of characters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TypeAlias

from qcompile.draw.bands import Band, bands, column_widths, contents, label_widths, margins
from qcompile.draw.picture import Face, Frame, Item, Lane, Panel, Picture, Table

Run: TypeAlias = tuple[str, str]  # text, and the name of its style
Line: TypeAlias = list[Run]
MIN_WIDTH = 60
_WIRES = {"qubit": "─", "qumode": "━", "phase": " "}
_SYMBOLS = {"on": "●", "off": "○", "not": "⊕", "swap": "×"}
_CROSSINGS = {"─": "┼", "━": "┿", " ": "│", "┊": "┊", "░": "░"}


@dataclass(frozen=True, slots=True)
class _Border:
    """The characters of a box, clockwise from its upper left corner.

    `joints` join it to a qubit's wire on the left and right, to a qumode's, and to lines down and up.
    """

    joints: str
    upper_left: str
    flat: str
    upper_right: str
    side: str
    lower_right: str
    lower_left: str


_LIGHT, _DOUBLE, _HEAVY = "┤├┥┝┬┴", "╢╟╢╟╤╧", "┨┠┫┣┯┷"
_BORDERS = {
    "gate": _Border(_LIGHT, *"┌─┐│┘└"),
    "definition": _Border(_DOUBLE, *"╔═╗║╝╚"),
    "opaque": _Border(_LIGHT, *"┌╌┐╎┘└"),
    "channel": _Border(_LIGHT, *"╭╌╮╎╯╰"),
    "measure": _Border(_LIGHT, *"╭─╮│╯╰"),
    "keep": _Border(_LIGHT, *"╭─╮│╯╰"),
    "prepare": _Border(_LIGHT, *"╭─╮│╯╰"),
    "gradient": _Border(_HEAVY, *"┏━┓┃┛┗"),
    "slot": _Border(_HEAVY, *"┏━┓┃┛┗"),
}


def paint(picture: Picture, width: int) -> Iterator[Line]:
    """The lines of the drawing. Those of one band of a circuit are equally long."""
    width = max(width, MIN_WIDTH)
    blocks = [_panel(panel, width) for panel in picture.panels] + [_table(table, width) for table in picture.tables]
    for k, block in enumerate(blocks):
        if k:
            yield []
        yield from block


def _panel(panel: Panel, width: int) -> Iterator[Line]:
    if panel.caption:
        yield from _wrapped(panel.caption, width, "caption")
    margin = max((len(lane.label) for lane in panel.lanes), default=0) + 1
    widths = column_widths(panel, _face_width, 1, _label_width)
    found = bands(widths, label_widths(panel, _label_width), 1, width - margin - 2)
    for k, (band, (items, frames)) in enumerate(zip(found, contents(panel, found), strict=True)):
        if len(found) > 1:
            yield [(f"{k + 1}/{len(found)}".rjust(margin - 1), "note")]
        if panel.lanes:
            yield from _Painter(panel, band, frames, margin, k == len(found) - 1).lines(items)
    for note in panel.notes:
        yield from _wrapped(note, width, "note")


def _label_width(label: str) -> int:
    return len(label) + 4


def _is_inline(face: Face) -> bool:
    """Is it written into the wire, which it interrupts?"""
    return face.shape == "prepare" and len(face.lanes) == 1 and not face.tags


def _style(face: Face) -> str:
    return "slot" if face.tags else face.shape


def _face_width(face: Face) -> int:
    if not face.lanes or face.shape == "barrier":
        return 1
    if _is_inline(face):
        return len(face.label) + 2
    ports = max(map(len, face.ports)) + 1 if face.ports else 0
    return max(len(face.label) + ports + 4, len(face.tag) + 4 if face.tags else 0)


class _Painter:
    """The characters of one band. Each lane has a row for its wire, one above and below, and rows for frames' edges."""

    def __init__(self, panel: Panel, band: Band, frames: list[Frame], margin: int, is_last: bool) -> None:
        self.panel, self.band, self.frames, self.margin = panel, band, frames, margin
        self.rows: list[int] = []
        height = 0
        for above, below in margins(frames, len(panel.lanes)):
            self.rows.append(height + above + 1)
            height += above + 3 + below
        self.width = margin + band.width + 2
        self.characters = [[" "] * self.width for _ in range(height)]
        self.styles = [["wire"] * self.width for _ in range(height)]
        for lane, row in zip(panel.lanes, self.rows, strict=True):
            self._wire(lane, row, is_last)

    def lines(self, items: Iterable[Item]) -> Iterator[Line]:
        for frame in self.frames:
            self._frame(frame)
        for item in items:
            self._item(item)
        for characters, styles in self._merged():
            pairs = zip(characters, styles, strict=True)
            yield [("".join(c for c, _ in run), style) for style, run in groupby(pairs, key=lambda pair: pair[1])]

    def _put(self, row: int, column: int, text: str, style: str) -> None:
        for k, character in enumerate(text, column):
            self.characters[row][k] = character
            self.styles[row][k] = style

    def _wire(self, lane: Lane, row: int, is_last: bool) -> None:
        self._put(row, 0, lane.label.rjust(self.margin - 1), "label")
        self._put(row, self.margin, _WIRES[lane.kind] * (self.width - self.margin), "wire")
        if is_last and lane.is_cut:
            self._put(row, self.width - 2, " ⋯", "note")

    def _frame(self, frame: Frame) -> None:
        extent = self.band.extent(frame)
        top, bottom = self.rows[frame.top] - 2 - frame.above, self.rows[frame.bottom] + 2 + frame.below
        begins, ends = extent[0] == frame.start, extent[1] == frame.end
        left = self.margin + self.band.start(extent[0]) - (not begins)
        right = self.margin + (self.band.end(extent[1]) - 1 if ends else self.band.width)
        for row in (top, bottom):
            self._put(row, left, "┄" * (right - left + 1), "frame")
        edges = [(left, "┌└")] * begins + [(right, "┐┘")] * ends
        labels = [(left, f"if {frame.label}")] if frame.otherwise is None or extent[0] < frame.otherwise else []
        if frame.otherwise is not None and extent[0] <= frame.otherwise <= extent[1]:
            middle = self.margin + self.band.start(frame.otherwise)
            edges.append((middle, "┬┴"))
            labels.append((middle, "else"))
        elif frame.otherwise is not None and extent[0] > frame.otherwise:
            labels.append((left, "else"))
        for place, corners in edges:
            for row, character in (
                (top, corners[0]),
                *((k, "┊") for k in range(top + 1, bottom)),
                (bottom, corners[1]),
            ):
                self._put(row, place, character, "frame")
        for (place, label), (end, _) in zip(labels, [*labels[1:], (right, "")], strict=True):
            if len(label) + 2 < end - place:
                self._put(top, place + 1, f" {label} ", "condition")

    def _item(self, item: Item) -> None:
        face, middle = item.face, self.margin + self.band.middle(item.column)
        if face.shape == "barrier":
            for first, last in face.groups():
                for row in range(self.rows[first] - 1, self.rows[last] + 2):
                    self._put(row, middle, "░", "barrier")
            return
        if _is_inline(face):
            self._inline(face, middle)
            return
        boxes = [(self.rows[first] - 1, self.rows[last] + 1) for first, last in face.groups()]
        spots = [(self.rows[lane], self.rows[lane]) for lane, _ in face.symbols]
        spans = sorted(boxes + spots)
        for (_, upper), (lower, _) in pairwise(spans):
            for row in range(upper + 1, lower):
                self._put(row, middle, _CROSSINGS.get(self.characters[row][middle], "│"), _style(face))
        for lane, symbol in face.symbols:
            self._put(self.rows[lane], middle, _SYMBOLS[symbol], "symbol")
        for group in face.groups():
            self._box(face, group, middle, group_rows=(spans[0][0], spans[-1][1]))

    def _inline(self, face: Face, middle: int) -> None:
        row, left = self.rows[face.lanes[0]], middle - _face_width(face) // 2
        ends = {"qubit": "╴╶", "qumode": "╸╺", "phase": "  "}[self.panel.lanes[face.lanes[0]].kind]
        self._put(row, left, f"{ends[0]}{face.label}{ends[1]}", "wire")
        self._put(row, left + 1, face.label, "prepare")

    def _box(self, face: Face, group: tuple[int, int], middle: int, group_rows: tuple[int, int]) -> None:
        style, width = _style(face), _face_width(face)
        border = _BORDERS[style]
        left, top, bottom = middle - width // 2, self.rows[group[0]] - 1, self.rows[group[1]] + 1
        inner = width - 2
        self._put(top, left, border.upper_left + border.flat * inner + border.upper_right, style)
        for row in range(top + 1, bottom):
            self._put(row, left, border.side + " " * inner + border.side, style)
        self._put(bottom, left, border.lower_left + border.flat * inner + border.lower_right, style)
        if face.tags:
            self._put(top, left + 1, f"╸{face.tag}╺", style)
        if top > group_rows[0]:
            self._put(top, middle, border.joints[5], style)
        if bottom < group_rows[1]:
            self._put(bottom, middle, border.joints[4], style)
        for lane in range(group[0], group[1] + 1):
            self._joint(lane, left, left + width - 1, border, style)
        ports = max(map(len, face.ports)) + 1 if face.ports else 0
        self._put((top + bottom) // 2, left + 2 + ports, face.label, "slot" if face.tags else "text")
        for lane, port in zip(face.lanes, face.ports, strict=False):
            if group[0] <= lane <= group[1]:
                self._put(self.rows[lane], left + 2, port, "port")

    def _joint(self, lane: int, left: int, right: int, border: _Border, style: str) -> None:
        kind = self.panel.lanes[lane].kind
        if kind != "phase":
            at = 0 if kind == "qubit" else 2
            self._put(self.rows[lane], left, border.joints[at], style)
            self._put(self.rows[lane], right, border.joints[at + 1], style)

    def _merged(self) -> Iterator[tuple[list[str], list[str]]]:
        """The rows, those between two wires laid over each other where nothing is lost by it."""
        all_rows = list(zip(self.characters, self.styles, strict=True))
        wires = set(self.rows)
        kept: tuple[list[str], list[str]] | None = None
        for number, row in enumerate(all_rows):
            if number in wires:
                if kept is not None and (number - 1 > 0 or any(c != " " for c in kept[0])):
                    yield kept
                yield row
                kept = None
                continue
            both = None if kept is None else _overlay(kept, row)
            if kept is not None and both is None:
                yield kept
            kept = row if both is None else both
        if kept is not None and any(c != " " for c in kept[0]):
            yield kept


_UP, _DOWN = set("│┊░┴┷╧└┘┗┛╚╝╰╯┼"), set("│┊░┬┯╤┌┐┏┓╔╗╭╮┼")


def _overlay(
    upper: tuple[list[str], list[str]], lower: tuple[list[str], list[str]]
) -> tuple[list[str], list[str]] | None:
    """Both rows as one; None where it would hide or join something."""
    characters, styles = list[str](), list[str]()
    for a, style_a, b, style_b in zip(*upper, *lower, strict=True):
        if b == " " or (a == b and a in "│┊░║┃╎"):
            characters.append(a)
            styles.append(style_a)
        elif a == " " or (a in "│┊░" and b in _UP):
            characters.append(b)
            styles.append(style_b)
        elif b in "│┊░" and a in _DOWN:
            characters.append(a)
            styles.append(style_a)
        else:
            return None
    return characters, styles


def _wrapped(text: str, width: int, style: str) -> Iterator[Line]:
    for line in textwrap.wrap(text, width, subsequent_indent="  "):
        yield [(line, style)]


def _table(table: Table, width: int) -> Iterator[Line]:
    """Columns aligned; the last is wrapped to what the others leave."""
    yield from _wrapped(table.caption, width, "caption")
    cells = [table.heads, *table.rows]
    widths = [max(len(row[k]) for row in cells) for k in range(len(table.heads) - 1)]
    indent = sum(widths) + 2 * len(widths)
    for number, row in enumerate(cells):
        styles = ["note"] * len(row) if number == 0 else ["label", *["slot"] * (len(row) - 2), "plain"]
        padded = [(f"{cell:<{size}}  ", style) for cell, size, style in zip(row, widths, styles, strict=False)]
        pieces = textwrap.wrap(row[-1], max(width - indent, MIN_WIDTH // 3)) or [""]
        yield [*padded, (pieces[0], styles[-1])]
        yield from ([(" " * indent + piece, styles[-1])] for piece in pieces[1:])
    for note in table.notes:
        yield from _wrapped(note, width, "note")


def plain(lines: Iterable[Sequence[Run]]) -> str:
    """The lines without their styles, and without the spaces that end them."""
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
