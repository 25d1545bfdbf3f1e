"""A program compiled for the kernels: factors fused into blocks, blocks ordered in stages, all laid out in arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle, Atom, Element, elements
from qcompile.ir import Expectation, Op, Program
from qcompile.targets.engine.diagonals import product
from qcompile.targets.engine.factors import Constant, Factor, WordRotation, factors_of
from qcompile.targets.engine.fuse import Block, fused
from qcompile.targets.engine.layout import (
    BLOCK_COLUMNS,
    COSETS,
    FACTOR_COLUMNS,
    FIRST_FACTOR,
    FLIPS,
    GROUP_COLUMNS,
    KIND,
    LANE_BITS,
    LAST_FACTOR,
    MASKS,
    SIGMAS,
    STAGE_COLUMNS,
    TABLE,
    TRAINED,
    WORD,
    WORD_COLUMNS,
    WORD_ROW,
    Packed,
)
from qcompile.targets.engine.packing import Numbers, Placed, Pool, Tile, placed, word_row
from qcompile.targets.engine.stages import Stage, staged
from qcompile.targets.engine.words import SIGNS, Words

Integers = NDArray[np.int64]
_LONG = 12  # bits of a state that the nearest cache does not hold


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What the kernels run, and what is needed to call them.

    Attributes:
        wires, bits: of the program, of the state; the last wire is bit `bits - wires`.
        in_lanes: are the eight lanes rows of a batch? Else they are the last wires.
        packed: the arrays, but for the words' coefficients.
        atoms: parameters' entries and functions of them, in the order of the kernels' values.
        coefficients: of the observables' words.
        ops: the program's, one for each factor.
        stages: with the blocks of each in order.
        atoms_of: the atoms that each block depends on.
        table_cells, room, small: what a call's arrays hold.
        until: the first block that is trained.
    """

    wires: int
    bits: int
    in_lanes: bool
    packed: Packed
    atoms: tuple[Atom, ...]
    coefficients: tuple[Angle, ...]
    ops: tuple[Op, ...]
    stages: tuple[tuple[Stage, tuple[Block, ...]], ...]
    atoms_of: tuple[frozenset[int], ...]
    table_cells: int
    room: int
    small: int
    until: int

    @property
    def tile_cells(self) -> int:
        """Of the largest tile that is not the state itself."""
        sizes = (int(row[2]) for rows in (self.packed.stages, self.packed.observed) for row in rows if row[3] > 1)
        return max(sizes, default=0)


def planned(program: Program, wanted: Collection[Element], tile: int, in_lanes: bool = False) -> Plan | None:
    """The plan of a unitary qubit program; None where it is not one, or holds what the kernels don't take.

    Args:
        wanted: the elements to differentiate by.
        tile: bits of a tile.
        in_lanes: leave the lanes to the rows of a batch.
    """
    if any(kind != "qubit" for kind in program.kinds):
        return None
    wires = len(program.kinds)
    shift = LANE_BITS if in_lanes else max(0, LANE_BITS - wires)
    places = [shift + wires - 1 - wire for wire in range(wires)]
    found = factors_of(program, places)
    if found is None:
        return None
    layout = _Layout([factor for factor, _ in found], shift + wires, tile, _Angles(frozenset(wanted)))
    layout.lay_blocks()
    for output in program.outputs:
        layout.lay_output(output if isinstance(output, Expectation) else None, places)
    return layout.plan(wires, in_lanes, tuple(op for _, op in found))


class _Angles:
    """The angles of all factors, equal ones once, and the atoms that they are made of."""

    def __init__(self, wanted: Collection[Element]) -> None:
        self.wanted = wanted
        self.found: dict[Angle, int] = {}
        self.atoms: dict[Atom, int] = {}

    def number(self, angle: Angle) -> int:
        for atom, _ in angle.terms:
            self.atoms.setdefault(atom, len(self.atoms))
        return self.found.setdefault(angle, len(self.found))

    def is_wanted(self, angle: Angle) -> bool:
        return any(element in self.wanted for element in elements(angle))

    def of(self, angle: Angle) -> Iterator[int]:
        return (self.atoms[atom] for atom, _ in angle.terms)


@dataclass(slots=True)
class _Layout:
    """The rows so far."""

    factors: Sequence[Factor]
    bits: int
    tile: int
    angles: _Angles
    pool: Pool = field(default_factory=Pool)
    numbers: Numbers = field(default_factory=Numbers)
    rows: list[list[int]] = field(default_factory=list[list[int]])
    words: list[list[int]] = field(default_factory=list[list[int]])
    stage_rows: list[list[int]] = field(default_factory=list[list[int]])
    stages: list[tuple[Stage, tuple[Block, ...]]] = field(default_factory=list[tuple[Stage, tuple[Block, ...]]])
    atoms_of: list[frozenset[int]] = field(default_factory=list[frozenset[int]])
    tables: int = 0
    observed: Words = field(init=False)
    outputs: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        self.observed = Words(self.pool, self.bits, self.tile)

    def lay_blocks(self) -> None:
        is_long = self.bits >= min(_LONG, self.tile)
        blocks = fused(self.factors, in_couples=is_long and not self.angles.wanted)
        for stage in staged(blocks, self.bits, self.tile):
            tile, first = Tile.of(stage, self.bits), len(self.rows)
            for number in stage.items:
                self._lay(blocks[number], tile)
            self.stage_rows.append(tile.row(self.pool, first, len(self.rows)))
            self.stages.append((stage, tuple(blocks[number] for number in stage.items)))

    def _lay(self, block: Block, tile: Tile) -> None:
        members = [self.factors[k] for k in block.factors]
        first = len(self.numbers.rows)
        whole = self._word(members[0], tile) if isinstance(members[0], WordRotation) else placed(block, tile, self.pool)
        row, atoms = whole.row, set[int]()
        waiting: NDArray[np.complex128] | None = None  # constants multiplied so far
        flips = self.pool.values[row[FLIPS] : row[FLIPS] + row[MASKS]]
        for factor in members:
            if isinstance(factor, Constant):
                table = factor.diagonals.on(whole.masks, whole.selectors)[0]
                waiting = table if waiting is None else product(table, waiting, flips)
                continue
            if waiting is not None:
                self.numbers.add_constant(waiting)
                waiting = None
            angle = self.angles.number(factor.angle)
            atoms.update(self.angles.of(factor.angle))
            if isinstance(factor, WordRotation):
                self.numbers.add_word(factor, angle)
            else:
                tables = factor.diagonals.on(whole.masks, whole.selectors)
                self.numbers.add_rotation(tables, [float(level) for level in factor.levels], angle)
            if not row[TRAINED] and self.angles.is_wanted(factor.angle):
                row[TRAINED] = len(self.numbers.rows) - first
        if waiting is not None:
            self.numbers.add_constant(waiting)
        row[FIRST_FACTOR], row[LAST_FACTOR], row[TABLE] = first, len(self.numbers.rows), self.tables
        self.tables += whole.tables
        self.rows.append(row)
        self.atoms_of.append(frozenset(atoms))

    def _word(self, factor: WordRotation, tile: Tile) -> Placed:
        row = [0] * BLOCK_COLUMNS
        row[KIND], row[WORD_ROW] = WORD, len(self.words)
        row[MASKS] = row[SIGMAS] = row[COSETS] = 1
        self.words.append(word_row(factor.flips, factor.signs, tile))
        return Placed((), (), row, 2)

    def lay_output(self, output: Expectation | None, places: Sequence[int]) -> None:
        if output is not None:
            self.observed.add(output.observable.operator, places)
        self.outputs.append(len(self.observed.parts))

    def plan(self, wires: int, in_lanes: bool, ops: tuple[Op, ...]) -> Plan:
        packed = self._packed()
        columns = packed.blocks
        trained = np.flatnonzero(columns[:, TRAINED])
        sizes = columns[:, MASKS] * columns[:, SIGMAS]
        return Plan(
            wires, self.bits, in_lanes, packed, tuple(self.angles.atoms), tuple(self.observed.coefficients), ops,
            tuple(self.stages), tuple(self.atoms_of), self.tables, int(columns[:, COSETS].max(initial=1)),
            int(sizes.max(initial=1)), int(trained[0]) if len(trained) else len(columns),
        )  # fmt: skip

    def _packed(self) -> Packed:
        shift = len(self.words)
        groups = _rows(self.observed.groups, GROUP_COLUMNS)
        groups[:, :3] += shift  # their words come after those of rotations
        angles = list(self.angles.found)
        entries = [(self.angles.atoms[atom], float(c)) for angle in angles for atom, c in angle.terms]
        return Packed(
            stages=_rows(self.stage_rows, STAGE_COLUMNS),
            blocks=_rows(self.rows, BLOCK_COLUMNS),
            factors=_rows(self.numbers.rows, FACTOR_COLUMNS),
            words=_rows([*self.words, *self.observed.rows], WORD_COLUMNS),
            groups=groups,
            observed=_rows(self.observed.parts, STAGE_COLUMNS),
            outputs=np.array(self.outputs),
            pool=np.array(self.pool.values or [0]),
            numbers=np.concatenate([*self.numbers.entries, np.zeros(1, complex)]),
            levels=np.array([*self.numbers.levels, 0.0]),
            starts=np.cumsum([0, *(len(angle.terms) for angle in angles)]),
            atoms=np.array([atom for atom, _ in entries], dtype=np.int64),
            slopes=np.array([slope for _, slope in entries], dtype=float),
            constants=np.array([float(angle.constant) for angle in angles], dtype=float),
            wide=np.zeros(0),
            signs=SIGNS.ravel().copy(),
        )


def _rows(rows: Sequence[Sequence[int]], columns: int) -> Integers:
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)
