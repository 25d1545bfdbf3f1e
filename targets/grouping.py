"""Which words one circuit with one basis change reads together, for few shots in few circuits.

Two words go together where no pair of them clashes: `qubit-wise`, where they agree on every wire that they share, so
that single-qubit gates suffice; `commuting`, where they commute, so that a Clifford circuit makes Z words of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from math import sqrt
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qcompile.operator import PAULI_LETTERS, Word

Strategy: TypeAlias = Literal["qubit-wise", "commuting"]
Flags: TypeAlias = NDArray[np.bool_]
Integers: TypeAlias = NDArray[np.int64]
Groups: TypeAlias = list[list[int]]
STRATEGIES: tuple[Strategy, ...] = ("qubit-wise", "commuting")

SEARCHED = 1500  # words; for more of them sorted insertion must do
TURNS = 1000  # reorderings of each start, at most two for each word
STARTS = (0.35, 0.45)  # the share of the words that is inserted, heaviest first, before the groups are filled


@lru_cache(maxsize=256)
def grouped(words: tuple[Word, ...], weights: tuple[float, ...], strategy: Strategy) -> tuple[tuple[int, ...], ...]:
    """The positions of the words in groups, heaviest group first. A weight is |c|; no word mixes letters on a wire.

    Of the groupings found, the one of least shots × groups: shots are run, groups are compiled and loaded. Candidates
    are sorted insertion (Crawford et al., arXiv:1908.06942); and groups of heavy words, filled by recursive largest
    first (Leighton 1979), reordered by iterated greedy (Culberson 1992). Cubic in the words up to SEARCHED.
    """
    masses = _masses(weights)
    clash = clashing(words, strategy)
    order = [int(k) for k in np.argsort(-masses, kind="stable")]
    found = _inserted(clash, order)
    if len(found) > 1 and len(words) <= SEARCHED:
        search = _Search(clash, masses)
        starts = [search.filled(order[: int(share * len(words))]) for share in STARTS]
        found = min([found, *map(search.reordered, starts)], key=search.price)
    ordered = sorted(map(sorted, found), key=lambda group: (-masses[group].sum(), group))
    return tuple(map(tuple, ordered))


def shots_needed(groups: Iterable[Sequence[int]], weights: Sequence[float]) -> float:
    """Shots for the standard error 1 (for ε, divide by ε²): (Σ_groups √Σc²)², words independent and of variance 1.

    Each group gets shots in proportion to √Σc² (arXiv:1908.06942).
    """
    return sum(sqrt(sum(weights[k] ** 2 for k in group)) for group in groups) ** 2


def clashing(words: Sequence[Word], strategy: Strategy) -> Flags:
    """Which pairs of words no group may hold together. Photonic words must agree on shared wires either way."""
    wires = {wire: k for k, wire in enumerate(sorted({wire for word in words for _, wire in word}))}
    letters = sorted({letter for word in words for letter, _ in word})
    present = np.zeros((len(words), len(wires)), dtype=np.float32)  # exact: counts stay far below 2²⁴
    agreed = np.zeros((len(words), len(words)), dtype=np.float32)
    for letter in letters:
        places = np.zeros_like(present)
        for k, word in enumerate(words):
            places[k, [wires[wire] for found, wire in word if found == letter]] = 1
        agreed += places @ places.T
        present += places
    differences = present @ present.T - agreed
    if strategy == "commuting" and all(letter in PAULI_LETTERS for letter in letters):
        return np.asarray(differences % 2 == 1)
    return np.asarray(differences > 0)


def _masses(weights: Sequence[float]) -> Integers:
    """c², in whole units of 2⁻⁴⁰ of the greatest: sums of them are the same on every machine, and so are the groups."""
    squares = np.square(np.array(weights, dtype=float))
    largest = squares.max(initial=0.0) or 1.0
    return np.asarray(np.rint(squares / largest * 2**40), dtype=np.int64)


def _inserted(clash: Flags, order: Sequence[int]) -> Groups:
    """Each word into the first group where it clashes with none."""
    groups: Groups = []
    blocked = np.zeros_like(clash)
    for word in order:
        first = int(blocked[: len(groups) + 1, word].argmin())
        if first == len(groups):
            groups.append([])
        groups[first].append(word)
        blocked[first] |= clash[word]
    return groups


class _Search:
    """Better groupings of words by their clashes and masses c²."""

    def __init__(self, clash: Flags, masses: Integers) -> None:
        self.clash = clash
        self.masses = masses
        self.counts = clash.astype(np.float32)
        self.generator = np.random.default_rng(0)

    def price(self, groups: Groups) -> float:
        """Shots × groups."""
        return round(float(np.sqrt(self._totals(groups)).sum() / 2**20) ** 2 * len(groups), 6)

    def _totals(self, groups: Groups) -> Integers:
        """The mass of each group."""
        starts = [0, *accumulate(map(len, groups))][:-1]
        return np.add.reduceat(self.masses[[*chain(*groups)]], starts)

    def filled(self, first: Sequence[int]) -> Groups:
        """Some words by insertion; then each group takes what clashes most with what it cannot take."""
        seeds = _inserted(self.clash, first)
        left = np.ones(len(self.masses), dtype=bool)
        left[list(first)] = False
        groups: Groups = []
        while seeds or left.any():
            group = seeds.pop(0) if seeds else [self._busiest(left, left)]
            left[group] = False
            groups.append(self._grown(group, left))
        return groups

    def _grown(self, group: list[int], left: Flags) -> list[int]:
        """The group with more words, which are no longer left."""
        blocked = self.clash[group].any(axis=0) & left
        free = left & ~blocked
        while free.any():
            word = self._busiest(free, blocked)
            group.append(word)
            left[word] = free[word] = False
            blocked |= self.clash[word] & left
            free &= ~self.clash[word]
        return group

    def _busiest(self, among: Flags, against: Flags) -> int:
        """The word that clashes with most of `against`; then with fewest of `among`, then the heaviest."""
        words = np.flatnonzero(among)
        many = self.counts[np.ix_(words, against)].sum(axis=1)
        few = self.counts[np.ix_(words, among)].sum(axis=1)
        return int(words[np.lexsort((-self.masses[words], few, -many))[0]])

    def reordered(self, groups: Groups) -> Groups:
        """Insertion again, group after group: the words of one never clash, so that there are never more groups.

        The heaviest groups stay in front, where they gather what they can.
        """
        rank: list[int] = (-self.masses).tolist()
        groups = self._moved(groups)
        best: Groups = groups
        for turn in range(min(TURNS, 2 * len(self.masses))):
            heavy: Groups = [groups[k] for k in np.argsort(-self._totals(groups), kind="stable").tolist()]
            kept = 1 + 2 * (turn % 2)
            sequence = [*heavy[:kept], *self._turned(heavy[kept:], turn)]
            groups = _inserted(self.clash, [*chain(*(sorted(group, key=rank.__getitem__) for group in sequence))])
            if turn % 100 == 99:
                groups = self._moved(best)
            best = min(best, groups, key=self.price)
        return min(best, self._moved(best), key=self.price)

    def _turned(self, groups: Groups, turn: int) -> Groups:
        match turn % 4:
            case 0:
                return groups[::-1]
            case 1:
                return sorted(groups, key=len, reverse=True)
            case _:
                return [groups[k] for k in self.generator.permutation(len(groups))]

    def _moved(self, groups: Groups) -> Groups:
        """Single words into other groups for as long as that saves shots; groups that this empties go."""
        member = np.zeros((len(groups), len(self.masses)), dtype=bool)
        for number, group in enumerate(groups):
            member[number, group] = True
        clashes = member.astype(np.float32) @ self.counts
        totals = member @ self.masses
        home = member.argmax(axis=0)
        stirred = True
        while stirred:
            stirred = False
            for word in np.argsort(-self.masses, kind="stable"):
                mass, here = self.masses[word], home[word]
                gain = sqrt(totals[here]) - sqrt(totals[here] - mass)
                prices = np.sqrt(totals + mass) - np.sqrt(totals)
                prices[clashes[:, word] > 0] = np.inf
                prices[here] = np.inf
                there = int(prices.argmin())
                if prices[there] < gain * (1 - 1e-9):
                    totals[here], totals[there] = totals[here] - mass, totals[there] + mass
                    clashes[here] -= self.counts[word]
                    clashes[there] += self.counts[word]
                    home[word], stirred = there, True
        return [[int(k) for k in np.flatnonzero(home == number)] for number in range(len(groups)) if number in home]
