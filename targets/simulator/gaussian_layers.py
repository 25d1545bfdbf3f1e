"""A run of Gaussian gates, and of readings between them, as layers of disjoint blocks that are worked on side by side.

A block is a run of items on the same few modes, which acts on the whole as one map. Blocks on common modes keep their
order; those of a layer have none in common and are equally wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qcompile.ir import Gradient, Op
from qcompile.operator import Operator
from qcompile.targets.simulator.gaussian_state import affine_generator
from qcompile.targets.simulator.values import RealArray

Item: TypeAlias = tuple[int, Op | Gradient]  # the number of its angle, or of its slot
Rows: TypeAlias = "slice | NDArray[np.intp]"


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """One gate on each of g blocks: exp(-iθG) on the quadratures `places`, shape (g, 2v), by the angles `numbers`."""

    generator: Operator
    blocks: Rows
    places: NDArray[np.intp]
    numbers: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """One gradient of each of g blocks, into the slots `numbers`: dr/dθ = A r + b, shapes (g, 2w, 2w) and (g, 2w)."""

    linear: RealArray
    constant: RealArray
    blocks: Rows
    numbers: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """G disjoint blocks of w modes each.

    `rows` are their quadratures, all of a block before those of the next; in a block x and p of a mode stand together.
    """

    blocks: int
    width: int
    rows: Rows
    steps: tuple[Turns | Readings, ...]

    @property
    def reads(self) -> bool:
        return any(isinstance(step, Readings) for step in self.steps)


@dataclass(slots=True)
class _Block:
    wires: tuple[int, ...]
    items: list[Item] = field(default_factory=list[Item])
    level: int = 0


def layers_of(items: Iterable[Item]) -> tuple[Layer, ...]:
    """The layers of a run of items, in an order that may be executed. Cost: linear in the items."""
    blocks = sorted(_blocks(items), key=lambda block: (block.level, len(block.wires), block.wires))
    equal = groupby(blocks, key=lambda block: (block.level, len(block.wires)))
    return tuple(_layer(list(group)) for _, group in equal)


def _blocks(items: Iterable[Item]) -> Iterator[_Block]:
    """Each closed block, with a level above those of all earlier ones on its wires."""
    open_blocks: dict[int, _Block] = {}
    levels: dict[int, int] = {}

    def closed(block: _Block) -> _Block:
        block.level = 1 + max(levels.get(wire, 0) for wire in block.wires)
        for wire in block.wires:
            levels[wire] = block.level
            del open_blocks[wire]
        return block

    for number, item in items:
        wires = tuple(sorted(item.wires))
        if not wires:
            continue  # a global phase
        met = {id(block): block for wire in wires if (block := open_blocks.get(wire)) is not None}.values()
        home = next((block for block in met if set(wires) <= set(block.wires)), None)
        if home is None:
            home = _Block(wires)
            for block in met:
                if set(block.wires) <= set(wires):
                    home.items += block.items
                else:
                    yield closed(block)
            open_blocks.update(dict.fromkeys(wires, home))
        home.items.append((number, item))
    for block in list({id(block): block for block in open_blocks.values()}.values()):
        yield closed(block)


def _layer(blocks: Sequence[_Block]) -> Layer:
    steps: list[Turns | Readings] = []
    for position in range(max(len(block.items) for block in blocks)):
        turns: dict[tuple[int, int], list[_Placed]] = {}
        readings: list[_Placed] = []
        for k, block in enumerate(blocks):
            if position < len(block.items):
                placed = _Placed.of(k, block, *block.items[position])
                gate = placed.item.gate if isinstance(placed.item, Op) else None
                (readings if gate is None else turns.setdefault((id(gate), len(placed.places)), [])).append(placed)
        steps += [_turns(group, len(blocks)) for group in turns.values()]
        if readings:
            steps.append(_readings(readings, len(blocks), 2 * len(blocks[0].wires)))
    rows = np.array([[2 * wire, 2 * wire + 1] for block in blocks for wire in block.wires], dtype=np.intp).ravel()
    return Layer(len(blocks), len(blocks[0].wires), _stretch(rows), tuple(steps))


@dataclass(frozen=True, slots=True)
class _Placed:
    """An item of a block of a layer; `places` are the quadratures of its wires in the block, every x first."""

    block: int
    number: int
    item: Op | Gradient
    places: list[int]

    @classmethod
    def of(cls, number: int, block: _Block, index: int, item: Op | Gradient) -> _Placed:
        return cls(number, index, item, [2 * block.wires.index(wire) + half for half in (0, 1) for wire in item.wires])


def _turns(group: list[_Placed], blocks: int) -> Turns:
    item = group[0].item
    if isinstance(item, Gradient) or item.gate.generator is None:
        raise AssertionError("not a factor")
    places = np.array([placed.places for placed in group], dtype=np.intp)
    return Turns(item.gate.generator, _chosen(group, blocks), places, _numbers(group))


def _readings(group: list[_Placed], blocks: int, size: int) -> Readings:
    linear, constant = np.zeros((len(group), size, size)), np.zeros((len(group), size))
    for k, (placed, item) in enumerate((placed, placed.item) for placed in group):
        if isinstance(item, Op):
            raise AssertionError("an op among the readings")
        local = item.generator.on({wire: place for place, wire in enumerate(item.wires)})
        whole, places = affine_generator(local, len(item.wires))[0], np.array(placed.places)
        linear[k, places[:, np.newaxis], places], constant[k, places] = whole[:-1, :-1], whole[:-1, -1]
    return Readings(linear, constant, _chosen(group, blocks), _numbers(group))


def _numbers(group: list[_Placed]) -> NDArray[np.intp]:
    return np.array([placed.number for placed in group], dtype=np.intp)


def _chosen(group: list[_Placed], blocks: int) -> Rows:
    """The numbers of the blocks, as a slice where they are all."""
    return slice(None) if len(group) == blocks else np.array([placed.block for placed in group], dtype=np.intp)


def _stretch(rows: NDArray[np.intp]) -> Rows:
    """The rows as a slice where they follow each other."""
    return slice(int(rows[0]), int(rows[-1]) + 1) if (np.diff(rows) == 1).all() else rows
