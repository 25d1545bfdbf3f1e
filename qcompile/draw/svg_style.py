"""The look of an SVG drawing: sizes in pixels, and colours for light and dark pages."""

from __future__ import annotations

from dataclasses import dataclass

CHARACTER, SMALL = 8, 7  # how wide a character of the larger and of the smaller type is taken to be
PITCH, BOX, SYMBOL = 48, 32, 22  # from wire to wire; the height of a box; the width of a symbol
ABOVE, BELOW, EDGE = 20, 8, 12  # what the edges of a frame take above and below its lanes, and on either side
GAP, MARGIN, LINE = 8, 16, 18


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours, `boxes` with fill and stroke of each kind; strokes and text keep a contrast of 4.5 to what is below."""

    paper: str
    ink: str
    faint: str
    qumode: str
    boxes: dict[str, tuple[str, str]]


_LIGHT = Palette(
    "#ffffff", "#1f2328", "#59636e", "#9a6700",
    {
        "gate": ("#e8f1fd", "#0b57d0"), "definition": ("#f1eafc", "#6f3fc7"), "opaque": ("#f0f1f3", "#59636e"),
        "channel": ("#fdecea", "#b3261e"), "measure": ("#e6f4ea", "#137333"), "keep": ("#e6f4ea", "#137333"),
        "prepare": ("#ffffff", "#59636e"), "gradient": ("#fdebdc", "#a3400b"), "slot": ("#fff2c2", "#8a5a00"),
    },
)  # fmt: skip
_DARK = Palette(
    "#15181d", "#e8eaed", "#a6adb7", "#e3b341",
    {
        "gate": ("#17304f", "#8ab8ff"), "definition": ("#30234d", "#c4a7ff"), "opaque": ("#2a2e35", "#a6adb7"),
        "channel": ("#46201f", "#ff9d96"), "measure": ("#153822", "#7ee2a0"), "keep": ("#153822", "#7ee2a0"),
        "prepare": ("#15181d", "#a6adb7"), "gradient": ("#452814", "#ffb68a"), "slot": ("#453508", "#ffd866"),
    },
)  # fmt: skip
PALETTES = (_LIGHT, _DARK)
_FONT = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_LAYOUT = f"""\
.qc text {{ font: 13px {_FONT}; }}
.qc .small, .qc .port {{ font-size: 11px; }}
.qc .tag, .qc .condition {{ font-size: 11px; font-weight: 600; }}
.qc .caption {{ font-weight: 600; }}
.qc .middle {{ text-anchor: middle; }}
.qc .end {{ text-anchor: end; }}
.qc .wire {{ stroke-width: 1.5; fill: none; }}
.qc .qumode {{ stroke-width: 3; }}
.qc .box {{ stroke-width: 1.5; }}
.qc .link, .qc .mark {{ stroke-width: 1.5; fill: none; }}
.qc .slot .box, .qc .gradient .box {{ stroke-width: 3; }}
.qc .channel .box, .qc .opaque .box {{ stroke-dasharray: 5 3; }}
.qc .edge {{ fill: none; stroke-width: 1.5; stroke-dasharray: 2 3; }}
.qc .barrier line {{ stroke-width: 5; stroke-dasharray: 2 3; }}
"""


def style_sheet() -> str:
    """CSS for a light page, and for a dark one where the reader prefers that."""
    return f"{_LAYOUT}{_colours(_LIGHT)}@media (prefers-color-scheme: dark) {{\n{_colours(_DARK)}}}\n"


def _colours(palette: Palette) -> str:
    lines = [
        f".qc .paper, .qc .open {{ fill: {palette.paper}; }}",
        f".qc text {{ fill: {palette.ink}; }}",
        f".qc .note, .qc .port {{ fill: {palette.faint}; }}",
        f".qc .wire, .qc .edge, .qc .barrier line {{ stroke: {palette.faint}; }}",
        f".qc .qumode {{ stroke: {palette.qumode}; }}",
        f".qc .shade {{ fill: {palette.ink}; fill-opacity: 0.05; }}",
    ]
    for name, (fill, stroke) in palette.boxes.items():
        lines.append(f".qc .{name} .box {{ fill: {fill}; stroke: {stroke}; }}")
        lines.append(f".qc .{name} .link, .qc .{name} .mark {{ stroke: {stroke}; }}")
        lines.append(f".qc .{name} .dot, .qc .{name} .pill {{ fill: {stroke}; }}")
    lines.append(f".qc .tag {{ fill: {palette.paper}; }}")
    return "".join(f"{line}\n" for line in lines)
