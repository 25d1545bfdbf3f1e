"""Fuses factors into blocks: runs of gates that flip the same bits are one pass over the state.

A block Σ_k diag(C_k) X^(m_k) costs 2^d complex products an amplitude, d being the rank of its flips, however many
gates it holds and however many bits they read. So a gate joins a block where it flips nothing new: diagonal gates join
any, and a rotation takes in the CNOTs that have their target on its wire.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from qcompile.targets.engine.diagonals import reduced
from qcompile.targets.engine.factors import Factor, WordRotation
from qcompile.targets.engine.layout import LANE_BITS

_MOST_PATTERNS = 2  # bits that a couple reads beside those that it flips
MOST_READ = 4  # bits that the gates of one block read together: each doubles its tables
_PASS = 0.25  # what loading and storing an amplitude costs, in complex products
_WIDE = 1.3  # what a complex product costs among four cells or more, whose tables do not fit the registers
_TURNED = 2.0  # and where lanes mix as well


@dataclass(slots=True, eq=False)
class Block:
    """Factors that are applied as one: all flips they generate, the bits they flip, and those they read."""

    factors: list[int] = field(default_factory=list[int])
    basis: tuple[int, ...] = ()
    flipped: int = 0
    read: int = 0
    is_word: bool = False

    @property
    def cost(self) -> float:
        rank = len(self.basis)
        has_lanes = any(mask & ((1 << LANE_BITS) - 1) for mask in self.basis)
        return 2.0**rank * (1.0 if rank < 2 else _TURNED if has_lanes else _WIDE) + _PASS

    def commutes(self, other: Block) -> bool:
        """Do they for sure? What one reads the other does not flip."""
        return not (self.flipped & (other.flipped | other.read) or self.read & other.flipped)

    def joined(self, other: Block) -> Block:
        """Both as one, this one first."""
        basis = reduced((*self.basis, *other.basis))
        flipped = 0
        for mask in basis:
            flipped |= mask
        return Block(self.factors + other.factors, basis, flipped, self.read | other.read)

    def takes(self, other: Block) -> bool:
        """Does one flip all that the other does, have they a bit in common, and do they read little enough together?"""
        if self.is_word or other.is_word:
            return False
        own, new = self.flipped | self.read, other.flipped | other.read
        if new and not own & new:
            return False
        read = (self.read | other.read).bit_count()
        if read > max(MOST_READ, self.read.bit_count(), other.read.bit_count()):
            return False
        rank = max(len(self.basis), len(other.basis))
        return rank == len(reduced((*self.basis, *other.basis)))


def fused(factors: Sequence[Factor], in_couples: bool = False) -> list[Block]:
    """The blocks, in an order that gives the same unitary; they hold the factors' numbers.

    Args:
        in_couples: is a pass over the state so long that two blocks should share one?
    """
    single = _merged(_alone(number, factor) for number, factor in enumerate(factors))
    blocks = _unsplit(_runs(single))
    return _coupled(blocks) if in_couples else list(blocks)


def _alone(number: int, factor: Factor) -> Block:
    if isinstance(factor, WordRotation):
        return Block([number], (), factor.flips, factor.signs, is_word=True)
    diagonals = factor.diagonals
    return Block([number], reduced(diagonals.masks), diagonals.flipped, diagonals.read)


def _merged(parts: Iterable[Block]) -> list[Block]:
    """Each part joins the last block that takes it, over blocks that it commutes with; and else stands at the end."""
    blocks: list[Block] = []
    for part in parts:
        place = _place(blocks, part)
        if place is None:
            blocks.append(part)
        else:
            blocks[place] = blocks[place].joined(part)
    return blocks


def _place(blocks: Sequence[Block], part: Block) -> int | None:
    for place in range(len(blocks) - 1, -1, -1):
        if blocks[place].takes(part):
            return place
        if not blocks[place].commutes(part):
            return None
    return None


@dataclass(slots=True, eq=False)
class _Run:
    """Blocks one after another on the same two bits, and what they would be as one."""

    parts: list[Block]
    whole: Block


def _runs(blocks: Sequence[Block]) -> list[_Run]:
    """Blocks gathered where they flip two bits together; other blocks stand alone."""
    runs: list[_Run] = []
    for block in blocks:
        place = _run_place(runs, block)
        if place is None:
            runs.append(_Run([block], block))
        else:
            runs[place].parts.append(block)
            runs[place].whole = runs[place].whole.joined(block)
    return runs


def _run_place(runs: Sequence[_Run], block: Block) -> int | None:
    for place in range(len(runs) - 1, -1, -1):
        whole = runs[place].whole
        if not (whole.is_word or block.is_word) and not whole.commutes(block):
            both = whole.joined(block)
            return place if len(both.basis) <= 2 and both.read.bit_count() <= 2 else None
        if not whole.commutes(block):
            return None
    return None


def _unsplit(runs: Sequence[_Run]) -> Iterable[Block]:
    """A run as one block where that is cheaper, and else its parts."""
    for run in runs:
        if len(run.parts) > 1 and run.whole.cost < sum(part.cost for part in run.parts):
            yield run.whole
        else:
            yield from run.parts


def _coupled(blocks: Iterable[Block]) -> list[Block]:
    """Blocks that flip one bit each by twos: as many products, but half the loads and stores."""
    found: list[Block] = []
    for block in blocks:
        place = _couple_place(found, block) if _is_simple(block) else None
        if place is None:
            found.append(block)
        else:
            found[place] = found[place].joined(block)
    return found


def _couple_place(blocks: Sequence[Block], block: Block) -> int | None:
    for place in range(len(blocks) - 1, -1, -1):
        other = blocks[place]
        if _is_simple(other):
            both = other.joined(block)
            if len(both.basis) == 2 and (both.read & ~both.flipped).bit_count() <= _MOST_PATTERNS:
                return place
        if not other.commutes(block):
            return None
    return None


def _is_simple(block: Block) -> bool:
    return len(block.basis) == 1 and not block.is_word
