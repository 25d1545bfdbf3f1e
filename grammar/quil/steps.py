"""What a program does when it runs: definitions and circuits are resolved, names are places, qubits are wires."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from qcompile.angle import Angle, Element
from qcompile.diagnostics import Span
from qcompile.ir import Op


@dataclass(frozen=True, slots=True)
class Gates:
    """Ops that no memory changes."""

    ops: tuple[Op, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Turned:
    """Ops whose angles are read from places in memory."""

    make: Callable[[Sequence[Angle]], tuple[Op, ...]]
    angles: tuple[Angle, ...]
    places: tuple[Element, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Computed:
    """target = function(operands); an operand is a place, or a tuple that holds a value."""

    target: Element
    function: Callable[..., Any]
    operands: tuple[Element | tuple[Any], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Exchanged:
    left: Element
    right: Element
    span: Span


@dataclass(frozen=True, slots=True)
class Loaded:
    target: Element
    region: tuple[Element, ...]
    offset: Element
    span: Span


@dataclass(frozen=True, slots=True)
class Stored:
    region: tuple[Element, ...]
    offset: Element
    value: Element | tuple[Any]
    span: Span


@dataclass(frozen=True, slots=True)
class Measured:
    wire: int
    place: Element | None
    span: Span


@dataclass(frozen=True, slots=True)
class ResetWires:
    """Of one wire, or of all."""

    wire: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Fenced:
    """A barrier on these wires; on none it is on all."""

    wires: tuple[int, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Labelled:
    span: Span


@dataclass(frozen=True, slots=True)
class Jumped:
    """Go on at the label; its number is known when all steps are."""

    label: tuple[int, str]
    span: Span


@dataclass(frozen=True, slots=True)
class Branched:
    """Go on at the label where the place holds what is wanted."""

    label: tuple[int, str]
    place: Element
    wanted: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Halted:
    span: Span


Control: TypeAlias = Labelled | Jumped | Branched | Halted
Step: TypeAlias = Gates | Turned | Computed | Exchanged | Loaded | Stored | Measured | ResetWires | Fenced | Control


@dataclass(frozen=True, slots=True)
class Script:
    """All steps, and the number of each label's step."""

    steps: tuple[Step, ...]
    labels: dict[tuple[int, str], int]
    wires: int
