"""Σ cotangent · output as one expectation whose coefficients are fed: its gradient is one adjoint sweep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from qcompile.angle import Angle, parameter
from qcompile.ir import Expectation, Observable, Output, Parameter, Probabilities, Program
from qcompile.layers.arguments import Array
from qcompile.operator import Operator, Word
from qcompile.passes.names import fresh_name

# |0⟩⟨0| and |1⟩⟨1| in 1 and Z.
_OF_WORDS = np.array([[0.5, 0.5], [0.5, -0.5]])


@dataclass(frozen=True, eq=False)
class Combined:
    """The program of Σ cotangent · output, for outputs that are linear in the state.

    Attributes:
        weights: its input, of one coefficient for each expectation, and for each outcome of probabilities.
        levels: by output, those of the wires of probabilities; None for an expectation.
    """

    program: Program
    weights: str
    levels: tuple[tuple[int, ...] | None, ...]
    kinds: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, program: Program, cutoff: int) -> Combined | None:
        """None where outputs are not linear, or some are of all runs and some of those that are kept."""
        outputs = [o for o in program.outputs if isinstance(o, Expectation | Probabilities)]
        if len(outputs) != len(program.outputs) or len({o.unnormalised for o in outputs}) != 1:
            return None
        name = fresh_name("cotangent", program)
        wires = [o.wires if isinstance(o, Probabilities) else None for o in outputs]
        kinds = tuple(tuple(program.kinds[w] for w in each or ()) for each in wires)
        levels = tuple(
            None if each is None else tuple(2 if kind == "qubit" else cutoff for kind in k)
            for each, k in zip(wires, kinds, strict=True)
        )
        count = sum(math.prod(each or ()) for each in levels)
        slots = iter([parameter(name, index) for index in range(count)])
        whole = Operator()
        for output, each, k in zip(outputs, levels, kinds, strict=True):
            whole = whole + Operator(tuple(_terms(output, each, k, slots)))
        returned = Expectation(Observable(whole), unnormalised=outputs[0].unnormalised)
        parameters = (*program.parameters, Parameter(name, count, "input"))
        return cls(replace(program, parameters=parameters, outputs=(returned,)), name, levels, kinds)

    def coefficients(self, cotangents: Array) -> Array:
        """The values of the input, from cotangents of shape (batch, width): shape (batch, coefficients)."""
        parts, start = list[Array](), 0
        for levels, kinds in zip(self.levels, self.kinds, strict=True):
            stop = start + math.prod(levels or ())
            part = cotangents[:, start:stop].reshape(-1, *(levels or ()))
            for axis, kind in enumerate(kinds, 1):
                part = np.moveaxis(np.tensordot(part, _OF_WORDS, (axis, 0)), -1, axis) if kind == "qubit" else part
            parts.append(part.reshape(len(cotangents), -1))
            start = stop
        return np.concatenate(parts, axis=1)


def _terms(
    output: Output, levels: tuple[int, ...] | None, kinds: tuple[str, ...], slots: Iterator[Angle]
) -> Iterator[tuple[Word, Angle]]:
    """Σ coefficient · word of one output, each coefficient with its slot."""
    if isinstance(output, Expectation):
        slot = next(slots)
        yield from ((word, coefficient * slot) for word, coefficient in output.observable.operator.terms)
    elif isinstance(output, Probabilities) and levels is not None:
        for chosen in product(*map(range, levels)):
            yield tuple(_letters(output.wires, kinds, chosen)), next(slots)


def _letters(wires: Sequence[int], kinds: Sequence[str], chosen: Sequence[int]) -> Iterator[tuple[str, int]]:
    """On a qubit 1 or Z, on a mode the projector on so many photons; by ascending wire."""
    for wire, kind, level in sorted(zip(wires, kinds, chosen, strict=True)):
        if kind == "qumode":
            yield f"n{level}", wire
        elif level:
            yield "Z", wire
