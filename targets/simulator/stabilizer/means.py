"""The expectations of words in a program in which nothing depends on a result."""

from __future__ import annotations

from collections.abc import Sequence

from qcompile.ir import Measure, Reset
from qcompile.operator import Word
from qcompile.targets.simulator.stabilizer.program import Gated, Noise, Step, Turn
from qcompile.targets.simulator.stabilizer.words import DEPHASED, RESTARTED, words_of
from qcompile.targets.simulator.values import RealArray
from qcompile.targets.simulator.word_outputs import Means


def straight_means(steps: Sequence[Step], wires: int) -> Means:
    """Words walked back to |0…0⟩."""

    def means(words: Sequence[Word]) -> RealArray:
        found = words_of(words, wires)
        for step in reversed(steps):
            match step:
                case Gated(table, on) | Noise(table, on):
                    found.through(table, on)
                case Turn(word, quarters):
                    found.turned(word, quarters)
                case Measure(_, wire):
                    found.through(DEPHASED, (wire,))
                case Reset(wire):
                    found.through(RESTARTED, (wire,))
                case _:
                    raise AssertionError("nothing depends on a result here")
        return found.on_zeros()

    return means
