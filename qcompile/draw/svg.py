"""The SVG painter: one self-contained document, its text as text, without scripts."""

from __future__ import annotations

import textwrap
import zlib
from collections.abc import Iterator
from html import escape
from itertools import pairwise

from qcompile.diagnostics.rendering import clean
from qcompile.draw.bands import Band, bands, column_widths, contents, label_widths, margins
from qcompile.draw.picture import Face, Frame, Item, Panel, Picture, Symbol, Table
from qcompile.draw.svg_style import (
    ABOVE,
    BELOW,
    BOX,
    CHARACTER,
    EDGE,
    GAP,
    LINE,
    MARGIN,
    PITCH,
    SMALL,
    SYMBOL,
    style_sheet,
)

MIN_WIDTH = 480


def svg_text(picture: Picture, width: int) -> str:
    """The document; `width` in characters, from where circuits go on in another band."""
    available = max(width * CHARACTER, MIN_WIDTH)
    page = _Page(available)
    for panel in picture.panels:
        page.panel(panel)
    for table in picture.tables:
        page.table(table)
    return page.document(picture)


def _escaped(text: str) -> str:
    """The text as XML can hold it."""
    return escape(clean(text))


def description(picture: Picture) -> str:
    """What is drawn, for those who hear it: the circuits and their statements in order."""
    told: list[str] = []
    for panel in picture.panels:
        lanes = ", ".join(lane.label for lane in panel.lanes)
        steps = "; ".join(item.face.title for item in panel.items[:200])
        more = "; and more" if len(panel.items) > 200 else ""
        told.append(f"{panel.caption or 'circuit'} on {lanes or 'no wires'}: {steps or 'no statements'}{more}.")
    return " ".join([*told, *(note for panel in picture.panels for note in panel.notes)])


class _Page:
    """Grows downwards; `at` is where the next thing goes."""

    def __init__(self, available: int) -> None:
        self.available = available
        self.at, self.right = MARGIN, 0
        self.parts: list[str] = []

    def text(self, text: str, x: float, y: float, classes: str) -> None:
        self.parts.append(f'<text x="{x:g}" y="{y:g}" class="{classes}">{_escaped(text)}</text>')

    def line(self, text: str, classes: str, size: int) -> None:
        """Text from the left edge, wrapped."""
        for piece in textwrap.wrap(text, self.available // size, subsequent_indent="  "):
            self.at += LINE
            self.text(piece, MARGIN, self.at - 5, classes)
            self.right = max(self.right, MARGIN + len(piece) * size)

    def panel(self, panel: Panel) -> None:
        if panel.caption:
            self.line(panel.caption, "caption", CHARACTER)
        margin = MARGIN + max((len(lane.label) for lane in panel.lanes), default=0) * CHARACTER + GAP
        widths = column_widths(panel, _face_width, EDGE, _label_width)
        found = bands(widths, label_widths(panel, _label_width), GAP, self.available - margin)
        for k, (band, (items, frames)) in enumerate(zip(found, contents(panel, found), strict=True)):
            if len(found) > 1:
                self.line(f"{k + 1}/{len(found)}", "small note", SMALL)
            _Painter(self, panel, band, frames, margin, k == len(found) - 1).paint(items)
        for note in panel.notes:
            self.line(note, "small note", SMALL)
        self.at += MARGIN

    def table(self, table: Table) -> None:
        self.line(table.caption, "caption", CHARACTER)
        cells = [table.heads, *table.rows]
        starts = [MARGIN]
        for k in range(len(table.heads) - 1):
            starts.append(starts[-1] + (max(len(row[k]) for row in cells) + 2) * SMALL)
        for number, row in enumerate(cells):
            pieces = textwrap.wrap(row[-1], max((self.available - starts[-1]) // SMALL, 20)) or [""]
            for line, piece in enumerate(pieces):
                self.at += LINE
                shown = [*row[:-1], piece] if line == 0 else [*([""] * (len(row) - 1)), piece]
                for text, x in zip(shown, starts, strict=True):
                    if text:
                        self.text(text, x, self.at - 5, "small note" if number == 0 else "small")
                self.right = max(self.right, starts[-1] + len(piece) * SMALL)
        for note in table.notes:
            self.line(note, "small note", SMALL)
        self.at += MARGIN

    def document(self, picture: Picture) -> str:
        width, height = self.right + MARGIN, self.at
        told = description(picture)
        name = f"qc{zlib.crc32(told.encode()):08x}"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="qc" role="img" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" aria-labelledby="{name}-title {name}-desc">\n'
            f'<title id="{name}-title">{_escaped(picture.title)}</title>\n'
            f'<desc id="{name}-desc">{_escaped(told)}</desc>\n'
            f'<style>\n{style_sheet()}</style>\n<rect class="paper" width="{width}" height="{height}" rx="6"/>\n'
        )
        return "".join([head, *(f"{part}\n" for part in self.parts), "</svg>\n"])


def _label_width(label: str) -> int:
    return len(label) * SMALL + 2 * GAP


def _is_stacked(face: Face) -> bool:
    """Does the detail stand under the name?"""
    return bool(face.detail) and face.shape != "keep"


def _face_width(face: Face) -> int:
    if face.shape == "barrier":
        return EDGE
    if not face.lanes:
        return SYMBOL
    ports = max(map(len, face.ports)) * SMALL + GAP if face.ports else 0
    if _is_stacked(face):
        text = max(len(face.name) * CHARACTER, len(face.detail) * SMALL)
    else:
        text = len(face.label) * CHARACTER
    return max(text + ports + 2 * GAP, BOX, (len(face.tag) * SMALL + 3 * GAP) if face.tags else 0)


class _Painter:
    """One band of a circuit on the page."""

    def __init__(self, page: _Page, panel: Panel, band: Band, frames: list[Frame], margin: int, is_last: bool) -> None:
        self.page, self.panel, self.band, self.frames, self.left = page, panel, band, frames, margin
        self.is_last = is_last
        self.wires: list[int] = []
        for above, below in margins(frames, len(panel.lanes)):
            self.wires.append(page.at + above * ABOVE + PITCH // 2)
            page.at += above * ABOVE + PITCH + below * BELOW
        self.right = margin + band.width + GAP
        page.right = max(page.right, self.right + (2 * GAP if any(lane.is_cut for lane in panel.lanes) else 0))

    def paint(self, items: list[Item]) -> None:
        for frame in self.frames:
            self._frame(frame)
        for lane, y in zip(self.panel.lanes, self.wires, strict=True):
            self.page.text(lane.label, self.left - GAP, y + 4, "end note" if lane.kind == "phase" else "end")
            if lane.kind != "phase":
                classes = f"wire {lane.kind}"
                self._add(f'<path class="{classes}" d="M{self.left} {y}H{self.right}"/>')
            if self.is_last and lane.is_cut:
                self.page.text("⋯", self.right + 2, y + 4, "note")
        for item in items:
            classes = f"item {item.face.shape}{' slot' if item.face.tags else ''}"
            self._add(f'<g class="{classes}"><title>{_escaped(item.face.title)}</title>')
            self._item(item.face, self.left + self.band.middle(item.column))
            self._add("</g>")

    def _add(self, part: str) -> None:
        self.page.parts.append(part)

    def _frame(self, frame: Frame) -> None:
        extent = self.band.extent(frame)
        left = self.left + (self.band.start(extent[0]) if extent[0] == frame.start else 0) + 2
        right = self.left + self.band.end(extent[1]) - 2 if extent[1] == frame.end else self.right
        top = self.wires[frame.top] - PITCH // 2 - frame.above * ABOVE - ABOVE + 4
        bottom = self.wires[frame.bottom] + PITCH // 2 + frame.below * BELOW + BELOW - 4
        self._add(f'<rect class="shade" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"/>')
        edges = [f"M{left} {top}H{right}M{left} {bottom}H{right}"]
        edges += [f"M{left} {top}V{bottom}"] * (extent[0] == frame.start)
        edges += [f"M{right} {top}V{bottom}"] * (extent[1] == frame.end)
        parts = [(left, f"if {frame.label}")]
        if frame.otherwise is not None and extent[1] >= frame.otherwise:
            is_after = extent[0] > frame.otherwise
            middle = left if is_after else self.left + self.band.start(frame.otherwise) + EDGE // 2
            edges += [] if is_after else [f"M{middle} {top}V{bottom}"]
            parts = [*([] if is_after else parts), (middle, "else")]
        for (x, label), (end, _) in zip(parts, [*parts[1:], (right, "")], strict=True):
            if len(label) * SMALL <= end - x:
                self.page.text(label, x + 5, top + 13, "condition")
        self._add(f'<path class="edge" d="{"".join(edges)}"/>')

    def _item(self, face: Face, middle: int) -> None:
        if face.shape == "barrier":
            for first, last in face.groups():
                top, bottom = self.wires[first] - BOX // 2 - 4, self.wires[last] + BOX // 2 + 4
                self._add(f'<line x1="{middle}" y1="{top}" x2="{middle}" y2="{bottom}"/>')
            return
        spans = [(self.wires[a] - BOX // 2, self.wires[b] + BOX // 2) for a, b in face.groups()]
        spans = sorted(spans + [(self.wires[lane], self.wires[lane]) for lane, _ in face.symbols])
        for (_, upper), (lower, _) in pairwise(spans):
            self._add(f'<path class="link" d="M{middle} {upper}V{lower}"/>')
        for lane, symbol in face.symbols:
            self._add(_symbol_part(symbol, middle, self.wires[lane]))
        for k, group in enumerate(face.groups()):
            self._box(face, group, middle, is_first=k == 0)

    def _box(self, face: Face, group: tuple[int, int], middle: int, is_first: bool) -> None:
        width = _face_width(face)
        left, top, bottom = middle - width // 2, self.wires[group[0]] - BOX // 2, self.wires[group[1]] + BOX // 2
        for inset in (0, 3) if face.shape == "definition" else (0,):
            self._add(
                _rectangle(left + inset, top + inset, width - 2 * inset, bottom - top - 2 * inset, face, not inset)
            )
        ports = max(map(len, face.ports)) * SMALL + GAP if face.ports else 0
        centre, level = middle + ports // 2, (top + bottom) // 2
        for classes, text, drop in _lines_of(face):
            self.page.text(text, centre, level + drop, f"middle {classes}")
        if face.shape == "measure":
            self._add(f'<path class="mark" d="M{centre - 8} {level - 1}a8 8 0 0 1 16 0M{centre} {level - 1}l5 -9"/>')
        for lane, port in zip(face.lanes, face.ports, strict=False):
            if group[0] <= lane <= group[1]:
                self.page.text(port, left + 5, self.wires[lane] + 4, "port")
        if face.tags and is_first:
            size = len(face.tag) * SMALL + GAP
            self._add(f'<rect class="pill" x="{left + 5}" y="{top - 11}" width="{size}" height="14" rx="7"/>')
            self.page.text(face.tag, left + 5 + size // 2, top - 1, "middle tag")


def _lines_of(face: Face) -> Iterator[tuple[str, str, int]]:
    """Class, text, and how far below the middle: name over detail, or one line."""
    if face.shape == "measure":
        yield "small", face.detail, 12
    elif _is_stacked(face):
        yield "", face.name, -2
        yield "small", face.detail, 11
    else:
        yield "", face.label, 4


def _rectangle(x: int, y: int, width: int, height: int, face: Face, is_outer: bool) -> str:
    radius = {"channel": 12, "measure": 10, "keep": 16, "gradient": 8}.get(face.shape, 3)
    classes = "box outer" if is_outer else "box"
    return f'<rect class="{classes}" x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}"/>'


def _symbol_part(symbol: Symbol, x: int, y: int) -> str:
    match symbol:
        case "on":
            return f'<circle class="dot" cx="{x}" cy="{y}" r="5"/>'
        case "off":
            return f'<circle class="mark open" cx="{x}" cy="{y}" r="5"/>'
        case "not":
            cross = f'<path class="mark" d="M{x - 9} {y}h18M{x} {y - 9}v18"/>'
            return f'<circle class="mark open" cx="{x}" cy="{y}" r="9"/>{cross}'
        case "swap":
            return f'<path class="mark" d="M{x - 6} {y - 6}l12 12M{x - 6} {y + 6}l12 -12"/>'
