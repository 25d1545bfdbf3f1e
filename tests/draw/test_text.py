"""Drawings as text: golden cases, and what holds of every program's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qcompile.angle import MAX_DEPTH, call, parameter
from qcompile.diagnostics import Code, CompileError
from qcompile.draw import draw
from qcompile.gates import TABLE
from qcompile.grammar import parse
from qcompile.ir import If, Op, Parameter, Program, Register, Statement
from qcompile.passes import pipeline

CASES = sorted((Path(__file__).parents[1] / "golden" / "draw").glob("*.qc"))
SEPARATOR = "# ---\n"


def option(given: str, name: str) -> str:
    """`width` in the line `// width: 60`; empty without one."""
    lines = [line for line in given.splitlines() if line.startswith(f"// {name}: ")]
    return lines[0].partition(": ")[2] if lines else ""


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_whole_drawing(path: Path) -> None:
    """Would catch any change of how a program people would write is drawn."""
    text = path.read_text(encoding="utf-8")
    given, _, expected = text.partition(SEPARATOR)
    assert given.startswith("// ")
    module = parse(given, path.name)
    steps = option(given, "run")
    made = draw(pipeline(steps)(module) if steps else module).text(int(option(given, "width") or 100))
    if os.environ.get("QCOMPILE_BLESS"):
        path.write_text(given + SEPARATOR + made, encoding="utf-8")
        return
    assert made == expected


EXTRAS = """\
      ╭╌╌╌╌╌╌╌╌╮ ░ ╭──────────╮ ╭───────────╮
q[0] ─┤ dim(θ) ├─░─┤ M → c[0] ├─┤ keep c[0] ├──
      ╰╌╌╌╌╌╌╌╌╯ ░ ╰──────────╯ ╰───────────╯
                 ░ ┌╌╌╌╌╌╌╌╌╌╌┐
q[1] ────────────░─┤ b        ├────────────────
                 ░ ╎   oracle ╎
q[2] ──────────────┤ a        ├────────────────
                   └╌╌╌╌╌╌╌╌╌╌┘
"""


def test_what_is_no_gate(extras: Program) -> None:
    """Would catch a barrier, a channel, an opaque gate or a post-selection that looks like something else."""
    assert draw(extras).text() == EXTRAS


def dense_program(wires: int, layers: int) -> Program:
    """A gate on each wire, many times over."""
    body = tuple(Op(TABLE["h"], (wire,)) for _ in range(layers) for wire in range(wires))
    return Program((Register("q", "qubit", wires),), (), (), body)


def test_a_large_program_is_cut() -> None:
    """Would catch a drawing without end, or one that leaves statements out without a word."""
    drawing = draw(dense_program(wires=3, layers=400))
    (panel,) = drawing.picture.panels
    assert panel.columns == 100
    assert len(panel.items) + panel.left_out == 3 * 400
    assert f"{panel.left_out} statements left out (⋯)" in drawing.text()
    assert drawing.text().count(" ⋯\n") == 3
    assert draw(dense_program(wires=3, layers=400), everything=True).picture.panels[0].left_out == 0


def test_what_hangs_on_what_is_left_out_is_left_out_too() -> None:
    """Would catch a statement drawn on a wire from which one before it is missing, or read before it is measured."""
    program = parse(
        "qubit q[200]; bit c; h q[0]; cx q[0], q[150]; x q[0]; c = measure q[150]; if (c) { y q[1]; } z q[1]; z q[2];"
    )
    (panel,) = draw(program).picture.panels
    assert [item.face.name for item in panel.items] == ["h", "z"]
    assert panel.left_out == 6
    assert "6 statements and 72 wires left out" in panel.notes[0]


def nested(depth: int) -> Program:
    """A gate under conditions within each other."""
    step: Statement = Op(TABLE["x"], (0,))
    for _ in range(depth):
        step = If(((0, True),), (step,))
    return Program((Register("q", "qubit"), Register("c", "bit", 1)), (), (), (step,))


@pytest.mark.parametrize(
    ("program", "code"),
    [
        (nested(3000), Code.TOO_DEEP),
        (dense_program(wires=1000, layers=101), Code.TOO_LARGE),
        (Program((Register("q", "qubit", 10**6),), (), (), (Op(TABLE["cx"], (0, 10**6 - 1)),) * 3), Code.TOO_LARGE),
    ],
    ids=["depth", "statements", "wires"],
)
def test_what_cannot_be_drawn_is_refused(program: Program, code: Code) -> None:
    """Would catch a RecursionError, or a drawing that takes all memory."""
    with pytest.raises(CompileError) as refused:
        draw(program, everything=True)
    assert [d.code for d in refused.value.diagnostics] == [code]
    assert refused.value.diagnostics[0].help


def test_deep_expressions_are_cut_short() -> None:
    """Would catch a RecursionError in the label of an angle."""
    angle = parameter("t")
    for _ in range(MAX_DEPTH // 2):
        angle = call("sin", angle * parameter("t"))
    program = Program((Register("q", "qubit"),), (Parameter("t"),), (), (Op(TABLE["rx"], (0,), (angle,)),))
    assert "rx(sin(…))" in draw(program).text()
