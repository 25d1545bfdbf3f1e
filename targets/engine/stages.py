"""Orders work in stages: what flips bits of one tile only is done while that tile of the state is in the cache.

Bits that are only read may lie anywhere: outside the tile they are constants. The three lowest bits, the lanes, are in
every tile, and so are the next two, that a tile's cells lie in memory by fours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

LOW_BITS = 5
_AHEAD = 256  # items that the choice of a tile looks at


class Flipping(Protocol):
    """What has an order against others of its kind: a block, or a group of words."""

    @property
    def flipped(self) -> int: ...

    @property
    def read(self) -> int: ...


T = TypeVar("T", bound=Flipping)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Items, by their numbers, in order, on tiles of these bits (ascending)."""

    items: tuple[int, ...]
    bits: tuple[int, ...]


def tile_bits(bytes_each: int) -> int:
    """The bits of a tile, of so many bytes for each amplitude: it takes a quarter of the second-level cache."""
    amplitudes = _second_level_cache() // (4 * bytes_each)
    return max(10, min(16, amplitudes.bit_length() - 1))


def _second_level_cache() -> int:
    """In bytes; 512 KiB where the system does not say."""
    try:
        size = Path("/sys/devices/system/cpu/cpu0/cache/index2/size").read_text().strip()
        return int(size.removesuffix("K")) << 10
    except (OSError, ValueError):
        return 1 << 19


def staged(items: Sequence[Flipping], bits: int, tile: int) -> list[Stage]:
    """All items in stages whose tiles have at most `tile` bits, and more only where one item flips more."""
    if bits <= tile:
        return [Stage(tuple(range(len(items))), tuple(range(bits)))]
    waiting = list(range(len(items)))
    stages: list[Stage] = []
    while waiting:
        used = _grown(items, waiting[:_AHEAD], tile)
        taken, waiting = _split(items, waiting, used)
        stages.append(Stage(tuple(taken), _filled(used, bits, tile)))
    return stages


def _grown(items: Sequence[Flipping], waiting: Sequence[int], tile: int) -> int:
    """The bits of the next tile: those of one item after another, of which each lets the most run for its bits."""
    used = (1 << LOW_BITS) - 1
    while True:
        taken, left = _split(items, waiting, used)
        wider = {used | items[number].flipped for number in _free(items, left)}
        fitting = [bits for bits in sorted(wider) if bits.bit_count() <= tile] or (sorted(wider) if not taken else [])
        if not fitting:
            return used
        gains = {bits: len(_split(items, waiting, bits)[0]) - len(taken) for bits in fitting}
        used = max(fitting, key=lambda bits: gains[bits] / (bits.bit_count() - used.bit_count()))


def _split(items: Sequence[Flipping], waiting: Sequence[int], used: int) -> tuple[list[int], list[int]]:
    """What runs on a tile of these bits, and what is left."""
    taken, left = list[int](), list[int]()
    flipped = read = 0
    for number in waiting:
        item = items[number]
        if not item.flipped & ~used and _is_free(item, flipped, read):
            taken.append(number)
        else:
            left.append(number)
            flipped |= item.flipped
            read |= item.read
    return taken, left


def _free(items: Sequence[Flipping], waiting: Sequence[int]) -> Iterator[int]:
    """What waits for nothing but its bits."""
    flipped = read = 0
    for number in waiting:
        item = items[number]
        if _is_free(item, flipped, read):
            yield number
        flipped |= item.flipped
        read |= item.read


def _is_free(item: Flipping, flipped: int, read: int) -> bool:
    """Does it commute with what flips and reads these bits?"""
    return not (item.flipped & (flipped | read) or item.read & flipped)


def _filled(used: int, bits: int, tile: int) -> tuple[int, ...]:
    """The tile with the lowest free bits added, up to its size: longer runs of memory."""
    for bit in range(bits):
        if used.bit_count() >= tile:
            break
        used |= 1 << bit
    return tuple(bit for bit in range(bits) if used >> bit & 1)
