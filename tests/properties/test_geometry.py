"""Random programs: the metric by circuits is that of tangent states, and of finite differences of dense unitaries."""

from __future__ import annotations

import numpy as np
from dense import element_values, unitary
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from random_programs import gaussian_programs, qubit_programs, values_for

from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes.differentiate import wanted_elements
from qcompile.passes.differentiate.geometry.metric import metric_module
from qcompile.targets.simulator import Options, bind, evaluate
from qcompile.targets.simulator.tangents import fubini_study

Matrix = NDArray[np.float64]
STEP = 1e-3


def by_circuits(module: Shifted, values: dict[str, Matrix], wrt: tuple[Element, ...]) -> Matrix:
    found = np.zeros((len(wrt), len(wrt)))
    for component, result in zip(module.components, evaluate(module, values, Options()), strict=True):
        row, column = (wrt.index(element) for element in component.wrt)
        found[row, column] = found[column, row] = result[0]
    return found


def by_tangents(program: Program, values: dict[str, Matrix], wrt: tuple[Element, ...], options: Options) -> Matrix:
    found: Matrix = fubini_study(program, wrt, bind(program.parameters, values), options)[0][0]
    return found


def by_differences(program: Program, values: dict[str, Matrix], wrt: tuple[Element, ...]) -> Matrix:
    """Re⟨∂ᵢψ|∂ⱼψ⟩ − ⟨∂ᵢψ|ψ⟩⟨ψ|∂ⱼψ⟩ with sixth-order differences of the first column of the unitary."""
    known = element_values(program, values)

    def state(element: Element, step: float) -> NDArray[np.complex128]:
        return unitary(program.body, len(program.kinds), {**known, element: known[element] + step})[:, 0]

    psi = state(wrt[0], 0.0)
    weights = ((1, 45), (2, -9), (3, 1))
    tangents = np.array(
        [sum(w * (state(e, k * STEP) - state(e, -k * STEP)) for k, w in weights) / (60 * STEP) for e in wrt]
    )
    along = tangents @ psi.conj()
    found: Matrix = (tangents.conj() @ tangents.T - np.outer(along.conj(), along)).real
    return found


@given(qubit_programs(max_wires=3, max_ops=6), st.integers(0, 2**16))
def test_circuits_tangents_and_differences_agree(program: Program, seed: int) -> None:
    """Would catch a layer of generators that do not commute with what lies between them and the cut, a controlled word
    in the wrong place, a constant that is not dropped, a factor of an angle's slope or an inverse's sign.
    """
    wrt, values = wanted_elements(program, ("theta", "w", "data")), values_for(program, seed)
    module = metric_module(program, wrt)
    verify(module)
    assert parse(to_text(module)) == module
    exact = by_tangents(program, values, wrt, Options())
    np.testing.assert_allclose(by_circuits(module, values, wrt), exact, rtol=0, atol=1e-10)
    np.testing.assert_allclose(by_differences(program, values, wrt), exact, rtol=0, atol=1e-7)
    assert np.linalg.eigvalsh(exact).min() > -1e-12


@given(gaussian_programs(max_wires=2, max_ops=4), st.integers(0, 2**16))
def test_gaussian_moments_tell_what_circuits_measure(program: Program, seed: int) -> None:
    """Would catch a wrong factor of either term of the Gaussian formula, and generators measured at the wrong place."""
    wrt, values = wanted_elements(program, ("theta", "w", "data")), values_for(program, seed, 0.3)
    exact = by_tangents(program, values, wrt, Options(engine="gaussian"))
    module = _unless_refused(program, wrt)
    assume(module is not None)
    assert module is not None
    scale = max(1.0, float(np.abs(exact).max()))
    np.testing.assert_allclose(by_circuits(module, values, wrt), exact, rtol=0, atol=1e-8 * scale)


def _unless_refused(program: Program, wrt: tuple[Element, ...]) -> Shifted | None:
    """The circuits; None where a photonic generator has another after it that does not commute."""
    try:
        return metric_module(program, wrt)
    except CompileError as refusal:
        if any(diagnostic.code is not Code.METHOD for diagnostic in refusal.diagnostics):
            raise
        return None
