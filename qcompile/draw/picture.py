"""What a drawing shows, placed on lanes and columns but in no unit: both painters show these records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

LaneKind: TypeAlias = Literal["qubit", "qumode", "phase"]
Shape: TypeAlias = Literal[
    "gate", "definition", "opaque", "channel", "measure", "keep", "prepare", "barrier", "gradient"
]  # fmt: skip
Symbol: TypeAlias = Literal["on", "off", "not", "swap"]


@dataclass(frozen=True, slots=True)
class Lane:
    """A horizontal line: a wire, or the line without one on which global phases stand.

    `is_cut` says that statements on it are left out after what is drawn.
    """

    label: str
    kind: LaneKind
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Face:
    """How a statement looks, wherever it stands.

    Args:
        name: what is written in the box; empty where symbols say all.
        detail: its angles or where its result goes, in short form.
        title: the whole statement in qcompile's own words.
        lanes: the box's, in the order of the gate's wires.
        ports: what is written beside each of those lanes; empty where the order needs no telling.
        symbols: controls and targets that have no box.
        tags: the slots of a derivative that the statement holds.
    """

    shape: Shape
    name: str
    detail: str
    title: str
    lanes: tuple[int, ...]
    ports: tuple[str, ...] = ()
    symbols: tuple[tuple[int, Symbol], ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and detail on one line."""
        if self.shape in ("measure", "keep"):
            return f"{self.name} {self.detail}".strip()
        return f"{self.name}({self.detail})" if self.detail else self.name

    @property
    def tag(self) -> str:
        return " ".join(self.tags)

    @property
    def touched(self) -> tuple[int, ...]:
        """Every lane with something on it, ascending."""
        return tuple(sorted((*self.lanes, *(lane for lane, _ in self.symbols))))

    def groups(self) -> Iterator[tuple[int, int]]:
        """The box's lanes as runs of neighbours: first and last of each."""
        lanes = sorted(self.lanes)
        starts = [lane for lane in lanes if lane - 1 not in self.lanes]
        ends = [lane for lane in lanes if lane + 1 not in self.lanes]
        yield from zip(starts, ends, strict=True)


@dataclass(frozen=True, slots=True)
class Item:
    """A statement in its column. No two items of one column share a lane or cross each other."""

    column: int
    face: Face


@dataclass(frozen=True, slots=True)
class Frame:
    """A condition around what it governs: edges in columns of their own, on every lane from `top` to `bottom`.

    `above` and `below` count the frames inside that begin or end on the same lane.
    """

    label: str
    top: int
    bottom: int
    start: int
    end: int
    otherwise: int | None = None
    above: int = 0
    below: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """One circuit. `notes` are lines under it: what it returns, what is left out."""

    caption: str
    lanes: tuple[Lane, ...]
    items: tuple[Item, ...]
    frames: tuple[Frame, ...]
    columns: int
    notes: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """All of a drawing: circuits, then tables."""

    title: str
    panels: tuple[Panel, ...]
    tables: tuple[Table, ...] = ()
