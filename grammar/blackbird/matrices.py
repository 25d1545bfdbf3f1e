"""Operations of Blackbird that take a matrix: whether it is what it should be, and the ops that it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle
from qcompile.diagnostics import Code, error, warn
from qcompile.grammar import interferometers as optics
from qcompile.grammar.blackbird.signatures import Applied, Argument, Given, kind_of, real
from qcompile.grammar.blackbird.values import Array
from qcompile.grammar.checks import counted
from qcompile.ir import Op

_LARGEST = 1e50  # of an entry, so that products of several are finite
_EXACT, _ROUNDED = 1e-9, 1e-3  # how far from its law a matrix is, where nothing is said of it, and where it is refused


def interferometer(applied: Applied, given: Given) -> Sequence[Op]:
    matrix = _square(given["U"], "U", applied, len(applied.modes))
    defect = optics.unitary_defect(matrix)
    if defect > _ROUNDED:
        label = f"U†U differs from 1 by {defect:.2g}"
        raise error(Code.NOT_UNITARY, label, applied.span, "check its entries, rows first; columns have length 1")
    _note_rounding(defect, "unitary", applied)
    return optics.mesh(matrix)


def gaussian_transform(applied: Applied, given: Given) -> Sequence[Op]:
    matrix = _real(_square(given["S"], "S", applied, 2 * len(applied.modes)), "S", applied)
    defect = optics.symplectic_defect(matrix)
    if defect > _ROUNDED:
        label = f"S Ω Sᵀ differs from Ω by {defect:.2g}"
        advice = "a symplectic matrix acts on (x0, x1, …, p0, p1, …)"
        raise error(Code.NOT_UNITARY, label, applied.span, advice)
    _note_rounding(defect, "symplectic", applied)
    if given["vacuum"] is not True:
        return optics.gaussian_unitary(matrix)
    _, squeezing, after = optics.bloch_messiah(matrix)
    return (*optics.squeezers(squeezing), *optics.mesh(after))


def gaussian(applied: Applied, given: Given) -> Sequence[Op]:
    size = 2 * len(applied.modes)
    covariance = _real(_square(given["V"], "V", applied, size), "V", applied)
    means = np.zeros(size) if given["r"] is None else _real(_array(given["r"], "r", applied), "r", applied).ravel()
    if len(means) != size:
        label = f"`r` has {counted(len(means), 'mean', 'means')}, and `V` has {size} rows"
        raise error(Code.SIZES_DIFFER, label, applied.span, "give the means of (x0, x1, …, p0, p1, …)")
    try:
        return optics.gaussian_state(covariance, means)
    except optics.UnphysicalError as law:
        advice = "covariances are in units where that of the vacuum is 1"
        raise error(Code.NOT_UNITARY, f"no state has this covariance: {law}", applied.span, advice) from None


def graph(applied: Applied, given: Given) -> Sequence[Op]:
    matrix = _square(given["A"], "A", applied, len(applied.modes))
    _check_symmetric(matrix, applied)
    if given["make_traceless"] is True:
        matrix = matrix - np.trace(matrix) * np.eye(len(matrix)) / len(matrix)
    return optics.graph_state(_nonzero(matrix, applied), _photons(given, applied))


def bipartite_graph(applied: Applied, given: Given) -> Sequence[Op]:
    modes = len(applied.modes)
    if modes % 2:
        advice = "its halves have equal numbers of modes"
        raise error(Code.WRONG_ARITY, f"`{applied.name}` acts on {modes} modes", applied.span, advice)
    if given["edges"] is True:
        edges = _square(given["A"], "A", applied, modes // 2)
    else:
        matrix = _square(given["A"], "A", applied, modes)
        _check_symmetric(matrix, applied)
        if (
            max(np.abs(matrix[: modes // 2, : modes // 2]).max(), np.abs(matrix[modes // 2 :, modes // 2 :]).max())
            > 1e-6
        ):
            advice = "it has the form [[0, B], [Bᵀ, 0]]; give B alone with `edges=True`"
            raise error(Code.NOT_UNITARY, "the graph is not bipartite", applied.span, advice)
        edges = matrix[: modes // 2, modes // 2 :]
    return optics.bipartite_graph_state(_nonzero(edges, applied), _photons(given, applied))


def _array(argument: Argument, name: str, applied: Applied) -> NDArray[np.complex128]:
    if not isinstance(argument, Array):
        label = f"`{name}` of `{applied.name}` is an array, and this is {kind_of(argument)}"
        advice = f"declare it: `complex array {name} =`, with its rows indented below"
        raise error(Code.WRONG_TYPE, label, applied.span, advice)
    if any(isinstance(entry, Angle) and not entry.is_constant for entry in argument.entries):
        advice = "give numbers; a mesh of `BSgate` and `Rgate` takes parameters"
        raise error(Code.OUT_OF_REACH, f"`{name}` is taken apart, and has parameters", applied.span, advice)
    rows = [[entry if isinstance(entry, complex) else float(entry) for entry in row] for row in argument.rows]
    made = np.array(rows, dtype=np.complex128)
    if np.abs(made).max() > _LARGEST:
        label = f"`{name}` has an entry above {_LARGEST:g}"
        raise error(Code.TOO_LARGE, label, applied.span, "give numbers of a size that can be multiplied")
    return made


def _square(argument: Argument, name: str, applied: Applied, size: int) -> NDArray[np.complex128]:
    matrix = _array(argument, name, applied)
    if matrix.shape == (size, size):
        return matrix
    rows, columns = matrix.shape
    on = counted(len(applied.modes), "mode", "modes")
    label = f"`{name}` is {rows} by {columns}, and on {on} it is {size} by {size}"
    raise error(Code.SIZES_DIFFER, label, applied.span, "name as many modes as the matrix is for")


def _real(matrix: NDArray[np.complex128], name: str, applied: Applied) -> NDArray[np.float64]:
    if np.abs(matrix.imag).max() > 0:
        label = f"`{name}` of `{applied.name}` has complex entries"
        raise error(Code.WRONG_TYPE, label, applied.span, "quadratures are real: declare it as `float array`")
    return matrix.real.copy()


def _check_symmetric(matrix: NDArray[np.complex128], applied: Applied) -> None:
    if np.abs(matrix - matrix.T).max() > 1e-6 * max(1.0, np.abs(matrix).max()):
        raise error(Code.NOT_UNITARY, "the matrix of a graph is symmetric", applied.span, "entry i, j is entry j, i")


def _nonzero(matrix: NDArray[np.complex128], applied: Applied) -> NDArray[np.complex128]:
    if not np.abs(matrix).max() > 0:
        raise error(Code.BAD_NUMBER, "a graph without edges has no photons", applied.span, "prepare `Vacuum()` instead")
    return matrix


def _photons(given: Given, applied: Applied) -> float:
    photons = real(given["mean_photon_per_mode"], "mean_photon_per_mode", applied)
    if not photons.is_constant or float(photons) <= 0:
        label = f"`mean_photon_per_mode` is a number above zero, not `{photons}`"
        raise error(Code.BAD_NUMBER, label, applied.span, "leave it out for 1")
    return float(photons)


def _note_rounding(defect: float, law: str, applied: Applied) -> None:
    if defect > _EXACT:
        label = f"the matrix is {law} to {defect:.0e}; the nearest that is {law} is read"
        warn(Code.ROUNDED, label, applied.span, "write its entries with more digits")
