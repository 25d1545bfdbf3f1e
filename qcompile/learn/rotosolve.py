"""Rotosolve: one coordinate after the other is set to where the value is lowest along it, exactly.

Along a coordinate the value is a trigonometric sum of known frequencies, or on light a polynomial of known degree, and
as many values as it has coefficients tell which one. For one frequency that is Ostaszewski et al. 2021
(arXiv:1905.09692); more are those of Wierichs et al. 2022 (arXiv:2107.12390).
"""

from __future__ import annotations

import numpy as np

from qcompile.angle import Element
from qcompile.diagnostics import Code, error
from qcompile.gates.algebra import RealArray
from qcompile.ir import Program
from qcompile.learn.checkpoint import Record
from qcompile.learn.oracle import Oracle
from qcompile.learn.start import Vector
from qcompile.learn.stopping import Stopped
from qcompile.learn.waves import Waves
from qcompile.passes.differentiate.spectrum import Spectra, Spectrum, refusal

ROUNDING = 1e-9


class Rotosolve:
    """One step is one coordinate. It is finished when none of them moved by more than the tolerance.

    Raises:
        CompileError: NO_RULE, for an entry that has no finite spectrum.
    """

    def __init__(self, program: Program, wrt: tuple[Element, ...], tolerance: float) -> None:
        spectra = Spectra(program, wrt)
        found = [(k, element, spectra.of(element)) for k, element in enumerate(wrt)]
        self.turns = [each for each in found if each[2] != Spectrum()]
        if not self.turns:
            raise error(Code.NOT_DIFFERENTIABLE, "no parameter has any influence on the value")
        self.tolerance, self.turn, self.moved = tolerance, 0, 0.0

    def step(self, oracle: Oracle, x: Vector) -> Vector:
        column, element, spectrum = self.turns[self.turn]
        nodes = Waves.of(spectrum.frequencies).nodes if spectrum.frequencies else _nodes(spectrum.degree)
        points = np.repeat(x[np.newaxis], len(nodes), axis=0)
        points[:, column] += nodes
        move = _lowest(spectrum, oracle.values(points), element)
        place = x.copy()
        place[column] += move
        self.moved = max(self.moved, abs(move))
        self.turn += 1
        if self.turn == len(self.turns):
            if self.moved <= self.tolerance:
                raise Stopped("finished")
            self.turn, self.moved = 0, 0.0
        return place

    def state(self) -> Record:
        return {"turn": self.turn, "moved": self.moved}

    def restore(self, state: Record) -> None:
        self.turn, self.moved = state["turn"], state["moved"]


def _lowest(spectrum: Spectrum, values: RealArray, element: Element) -> float:
    """How far from 0 the function with these values at its nodes is lowest."""
    if not spectrum.frequencies:
        return _lowest_of_polynomial(spectrum.degree, values, element)
    waves = Waves.of(spectrum.frequencies)
    return waves.lowest(waves.fitted(values))


def _nodes(degree: int) -> RealArray:
    """Chebyshev's, in ±1, an odd number of them: 0 is one."""
    half = (degree + 1) // 2
    right = np.cos(np.pi * np.arange(half) / (2 * half))[::-1]
    return np.concatenate([-right[::-1], [0.0], right])


def _lowest_of_polynomial(degree: int, values: RealArray, element: Element) -> float:
    """Where its slope is zero. The degree is a bound: what rounding leaves of higher powers is dropped."""
    fitted = np.polynomial.Polynomial.fit(_nodes(degree), values, degree, domain=[-1, 1])
    exact = fitted.trim(ROUNDING * max(1.0, float(np.abs(fitted.coef).max())))
    if exact.degree() == 0:
        return 0.0
    if exact.degree() % 2 or exact.coef[-1] < 0:
        raise refusal(element, "the value falls without end along it")
    roots = exact.deriv().roots()
    places = roots.real[np.abs(roots.imag) < np.sqrt(ROUNDING)]
    return float(places[np.argmin(exact(places))])
