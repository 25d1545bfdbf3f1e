"""Drawings as SVG: well-formed, complete, nothing over anything else, legible, and safe to show."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import qcompile as qc
from qcompile.draw import draw
from qcompile.draw.svg_style import PALETTES, Palette
from qcompile.gates import Gate
from qcompile.ir import Op, Program, Register
from qcompile.passes.differentiate import differentiate

SPACE = "{http://www.w3.org/2000/svg}"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.qc"))


def items(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [group for group in root.iter(f"{SPACE}g") if "item" in group.attrib["class"].split()]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_stands_alone(path: Path) -> None:
    """Would catch a document that fetches or runs something, or has nothing to say to those who hear it."""
    root = ElementTree.fromstring(draw(qc.load(path)).svg())
    tags = {element.tag.removeprefix(SPACE) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "style", "rect", "path", "circle", "line", "text", "g"}
    assert all("href" not in name and not name.startswith("on") for e in root.iter() for name in e.attrib)
    title, described = root.find(f"{SPACE}title"), root.find(f"{SPACE}desc")
    if title is None or described is None:
        raise AssertionError("no title, or no description")
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {described.attrib['id']}"
    assert "circuit on" in (described.text or "")
    assert "url(" not in (root.findtext(f"{SPACE}style") or "")


def test_names_are_escaped() -> None:
    """Would catch a name that ends its element and begins another, or a character that XML has not."""
    gate = Gate("</text><script>", ("qubit",), opaque=True)
    body = (Op(gate, (0,)), Op(Gate("a\x1b[31m&\x00", ("qubit",), opaque=True), (0,)))
    program = Program((Register('q"<', "qubit"),), (), (), body)
    root = ElementTree.fromstring(draw(program).svg())
    assert not list(root.iter(f"{SPACE}script"))
    assert "\x1b" not in draw(program).text()


def test_slots_are_marked() -> None:
    """Would catch a slot without its pill, which alone tells it to those who see no colour."""
    derivative = differentiate(
        qc.parse("qubit q[2]; param a; rx(a) q[0]; rzz(a) q[0], q[1]; return expect(Z[0] + X[1]);")
    )
    root = ElementTree.fromstring(draw(derivative).svg())
    marked = [group for group in items(root) if "slot" in group.attrib["class"].split()]
    tags = [t.text for group in marked for t in group.iter(f"{SPACE}text") if "tag" in t.attrib["class"].split()]
    assert tags == ["s₀", "s₁"]


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it, of `#rrggbb`."""
    parts = [int(pair, 16) / 255 for pair in re.findall("[0-9a-f]{2}", colour)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", PALETTES, ids=["light", "dark"])
def test_colours_are_legible(palette: Palette) -> None:
    """Would catch a colour that fades into what it is on."""
    pairs = [(palette.paper, colour) for colour in (palette.ink, palette.faint, palette.qumode)]
    for fill, stroke in palette.boxes.values():
        pairs += [(fill, palette.ink), (fill, palette.faint), (fill, stroke), (palette.paper, stroke)]
    assert {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < 4.5} == {}


def test_kinds_of_statements_differ_without_colour(extras: Program) -> None:
    """Would catch a channel or an opaque gate that only its colour tells from a gate."""
    style = draw(extras).svg().partition("<style>")[2].partition("</style>")[0]
    assert ".channel .box, .qc .opaque .box { stroke-dasharray" in style
