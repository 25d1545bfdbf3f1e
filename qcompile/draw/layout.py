"""A program as a panel: its lanes, what stands on them, and what is said under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qcompile.diagnostics import Code, CompileError, error
from qcompile.draw.faces import Look
from qcompile.draw.labels import MAX_NAME, output_text, shortened
from qcompile.draw.picture import Lane, LaneKind, Panel
from qcompile.draw.placing import CUT, Placer, Step, flattened, is_phase
from qcompile.ir import Program

MAX_PLACES = 1_000_000  # lanes × columns of one circuit
MAX_STATEMENTS = 100_000  # of a circuit that is drawn whole
_MAX_OUTPUTS = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """What is drawn at most: columns and lanes of a circuit, rows of a table, circuits. None for no limit."""

    columns: int | None = 100
    lanes: int | None = 128
    rows: int | None = 60
    circuits: int | None = 8


NO_LIMITS = Limits(None, None, None, None)


def lay_out(program: Program, limits: Limits, caption: str = "", steps: Sequence[Step] | None = None) -> Panel:
    """The program's circuit, or that of other steps on its wires.

    O(statements × wires spanned) for what is drawn, O(statements) for what is left out.

    Raises:
        CompileError: TOO_LARGE, TOO_DEEP.
    """
    body: Sequence[Step] = program.body if steps is None else steps
    if limits.columns is None and sum(1 for _ in flattened(body)) > MAX_STATEMENTS:
        raise _too_large(f"over {MAX_STATEMENTS} statements to draw")
    phases = sum(map(is_phase, flattened(body)))
    look = Look.of(program, not program.kinds or phases > 0)
    kinds: list[LaneKind] = ["phase"] if look.first else []
    names: list[str] = ["phase"] if look.first else []
    kinds += program.kinds
    names += look.wires
    shown = min(len(kinds), len(kinds) if limits.lanes is None else limits.lanes)
    placer = Placer(look, shown, _most_columns(shown, limits), [0] * len(kinds))
    left_out = 0
    for step in body:
        if not placer.place(step):
            left_out += sum(1 for _ in flattened((step,)))
            if limits.columns is None:
                raise _too_large(f"a drawing of over {MAX_PLACES} places")
    lanes = [
        Lane(shortened(name, MAX_NAME), kind, free >= CUT)
        for name, kind, free in zip(names[:shown], kinds, placer.free, strict=False)
    ]
    columns = max([item.column + 1 for item in placer.items] + [frame.end + 1 for frame in placer.frames], default=0)
    panel = Panel(caption, tuple(lanes), tuple(placer.items), tuple(placer.frames), columns, (), left_out)
    returned = _returned(program) if steps is None else []
    return replace(panel, notes=(*_missing(panel, len(kinds)), *returned))


def _too_large(label: str) -> CompileError:
    return error(Code.TOO_LARGE, label, help="draw the beginning: without `--all`")


def _most_columns(lanes: int, limits: Limits) -> int:
    fitting = MAX_PLACES // max(lanes, 1)
    return fitting if limits.columns is None else min(limits.columns, fitting)


def _missing(panel: Panel, lanes: int) -> list[str]:
    missing = [(panel.left_out, "statement"), (lanes - len(panel.lanes), "wire")]
    told = " and ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in missing if count)
    return [f"{told} left out (⋯)"] if told else []


def _returned(program: Program) -> list[str]:
    shown = [output_text(output, program.registers) for output in program.outputs[:_MAX_OUTPUTS]]
    shown += ["…"] if len(program.outputs) > _MAX_OUTPUTS else []
    return [f"returns {', '.join(shown)}"] if shown else []
