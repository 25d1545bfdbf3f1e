"""The Fubini–Study metric from tangent states: ∂ψ is carried through the program beside ψ, one for each element.

On Gaussian programs the state is pure where its moments are, and they tell the metric alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qcompile.angle import Angle, Element, derivative
from qcompile.diagnostics import Code, CompileError, error
from qcompile.gates.algebra import controlled, quadrature_action
from qcompile.grammar import exponent_of
from qcompile.ir import Op, Program
from qcompile.operator import Operator
from qcompile.targets.simulator import evolutions
from qcompile.targets.simulator.engine import check_size, row_parts, takes_gaussian
from qcompile.targets.simulator.gaussian_forward import turn
from qcompile.targets.simulator.gaussian_program import op_factors
from qcompile.targets.simulator.gaussian_state import Moments, vacuum
from qcompile.targets.simulator.options import Options, check_sweeping, memory_limit, too_large
from qcompile.targets.simulator.tensor import ComplexArray, Dense, apply, apply_where
from qcompile.targets.simulator.tensor_gates import derivative_of, levels_of, lowered, map_of
from qcompile.targets.simulator.tensor_operators import act, inner
from qcompile.targets.simulator.tensor_outputs import leakage
from qcompile.targets.simulator.tensor_program import plan
from qcompile.targets.simulator.tensor_run import Branch, prepare
from qcompile.targets.simulator.values import Bound, RealArray, value_of

_SPREAD = 8.0  # entries of a covariance matrix that a tangent and the products with it take, each


def fubini_study(program: Program, wrt: Sequence[Element], bound: Bound, options: Options) -> tuple[RealArray, float]:
    """The metric Re⟨∂ᵢψ|∂ⱼψ⟩ − ⟨∂ᵢψ|ψ⟩⟨ψ|∂ⱼψ⟩, shape (B, n, n), of a program of gates on fresh wires.

    And the probability that the cut of the Fock spaces lost. Cost: n + 1 states, each taken through the program.

    Raises:
        CompileError: TOO_LARGE, NOT_SIMULABLE, BAD_NUMBER, NO_RULE.
    """
    bare = replace(program, outputs=())
    check_sweeping(options)
    if takes_gaussian(bare, options):
        return _of_moments(bare, wrt, bound), 0.0
    check_size(bare, options.cutoff)
    ops = [part for op in _ops(bare) for part in lowered(op, bare.definitions)]
    rows = row_parts(plan(bare), bound.batch, options.cutoff, 5 + 2 * len(wrt))
    each = (bound.rows(np.array([row])) for part in rows for row in part)
    found = [_Tangents(ops, wrt, row, options.cutoff).metric(bare) for row in each]
    return np.stack([matrix for matrix, _ in found]), max(lost for _, lost in found)


def _ops(program: Program) -> Iterator[Op]:
    return (statement for statement in program.body if isinstance(statement, Op))


@dataclass(frozen=True, slots=True)
class _Tangents:
    """One row of the batch: ψ of shape (1, d0, d1, …), and ∂ψ by each element met so far, shape (k, d0, d1, …)."""

    ops: list[Op]
    wrt: Sequence[Element]
    bound: Bound
    cutoff: int

    def metric(self, program: Program) -> tuple[RealArray, float]:
        state, tangents, met = self._carried(program)
        norm = float(inner(state, state)[0].real)
        flat = tangents.reshape(len(met), state.size)
        along = (flat @ state.reshape(-1).conj()) / norm
        products: ComplexArray = flat.conj() @ flat.T / norm
        places = [self.wrt.index(element) for element in met]
        whole = np.zeros((len(self.wrt), len(self.wrt)))
        whole[np.ix_(places, places)] = (products - np.outer(along.conj(), along)).real
        return whole, leakage([Branch(state, ())])

    def _carried(self, program: Program) -> tuple[ComplexArray, ComplexArray, list[Element]]:
        shape = [2 if kind == "qubit" else self.cutoff for kind in program.kinds]
        state, tangents = np.zeros((1, *shape), dtype=complex), np.zeros((0, *shape), dtype=complex)
        state[(0,) * state.ndim] = 1.0
        met: list[Element] = []
        for op in self.ops:
            slopes = _slopes(op, self.wrt)
            if op.gate.preparation and not op.angles:
                continue  # the vacuum, on a fresh wire
            if op.gate.preparation:
                if slopes:
                    raise _no_rule(op)
                state, tangents = prepare(op, state, self.bound), prepare(op, tangents, self.bound)[: len(met)]
                continue
            action = map_of(op, self.bound.elements, self.cutoff)
            before, state = state, apply(action, state)
            tangents = apply(action, tangents) if met else tangents
            change = self._change(op, before, state) if slopes else state
            for element, slope in slopes.items():
                moved = value_of(slope, self.bound.elements, op.span)[0] * change
                tangents = _added(tangents, met, element, moved)
            for element, turned in _exponent_slopes(op, self.wrt).items():
                average = Dense(evolutions.average(op, turned, self.bound.elements), op.targets)
                tangents = _added(tangents, met, element, -1j * apply_where(average, levels_of(op), state))
        return state, tangents, met

    def _change(self, op: Op, before: ComplexArray, after: ComplexArray) -> ComplexArray:
        """dU/dθ ψ: −iG of the image on qubits, and of a cut photonic gate the derivative of the cut matrix itself."""
        sign = -1.0 if op.inverse else 1.0
        if "qumode" in op.gate.wires:
            return sign * apply_where(derivative_of(op, self.bound.elements, self.cutoff), levels_of(op), before)
        if op.gate.generator is None:
            raise AssertionError(f"`{op.gate.name}` was not lowered")
        generator = controlled(op.gate.generator, op.controls).on(op.wires)
        return -1j * sign * act(generator, self.bound.elements, after)


def _slopes(op: Op, wrt: Sequence[Element]) -> dict[Element, Angle]:
    """d angle / d element, for each element that the op's angle depends on."""
    angles = op.angles[:1] if op.gate.hamiltonian is None else ()
    slopes = {element: derivative(angle, element) for angle in angles for element in wrt}
    return {element: slope for element, slope in slopes.items() if not slope.is_zero}


def _exponent_slopes(op: Op, wrt: Sequence[Element]) -> dict[Element, Operator]:
    """dH / d element of an op exp(-iH), for each element that its H depends on."""
    if op.gate.hamiltonian is None:
        return {}
    exponent = exponent_of(op)
    slopes = {element: exponent.slope(element) for element in wrt}
    return {element: slope for element, slope in slopes.items() if slope.terms}


def _added(tangents: ComplexArray, met: list[Element], element: Element, moved: ComplexArray) -> ComplexArray:
    """The tangents with more for one element, which is met now if it was not before."""
    if element not in met:
        met.append(element)
        return np.concatenate([tangents, moved])
    tangents[met.index(element)] += moved[0]
    return tangents


def _no_rule(op: Op) -> CompileError:
    return error(
        Code.NO_RULE, f"the angle of `{op.gate.name}` is not differentiable", op.span,
        "give it a constant value, or prepare the state by gates",
    )  # fmt: skip


# ---- Gaussian states


def _of_moments(program: Program, wrt: Sequence[Element], bound: Bound) -> RealArray:
    """¼ ∂ᵢrᵀ V⁻¹ ∂ⱼr + ⅟₁₆ tr(V⁻¹ ∂ᵢV V⁻¹ ∂ⱼV), a quarter of the Fisher information of a pure state with ħ = 2.

    That of Monras 2013 (arXiv:1303.3682), where V V = 1 in the symplectic sense leaves its second term half the trace.
    """
    size, modes = len(wrt), len(program.kinds)
    needed = _SPREAD * 8 * bound.batch * (size + 1) * (2 * modes + 1) ** 2
    if needed > memory_limit():
        raise too_large(needed, program)
    state = vacuum(bound.batch, 1, modes)
    means, spread = np.zeros((size, bound.batch, 2 * modes)), np.zeros((size, bound.batch, 2 * modes, 2 * modes))
    for op in (part for whole in _ops(program) for part in op_factors(whole, program.definitions)):
        if op.gate.preparation:
            continue  # the vacuum, on a fresh wire
        moved = turn(op, bound.elements)
        if moved is None:
            continue
        state.move(op.wires, *moved)
        rows, matrix = state.rows(op.wires), moved[0]
        means[:, :, rows] = np.einsum("bij,kbj->kbi", _whole(matrix, bound), means[:, :, rows])
        spread[:, :, rows, :] = matrix @ spread[:, :, rows, :]
        spread[:, :, :, rows] = spread[:, :, :, rows] @ matrix.swapaxes(1, 2)
        for element, slope in _slopes(op, wrt).items():
            _add(op, wrt.index(element), value_of(slope, bound.elements, op.span), state, means, spread)
    inverse = np.linalg.inv(state.covariance)
    turned = inverse @ spread
    first: RealArray = np.einsum("jbx,bxy,kby->bjk", means, inverse, means)
    second: RealArray = np.einsum("jbxy,kbyx->bjk", turned, turned)
    return first / 4 + second / 16


def _whole(matrix: RealArray, bound: Bound) -> RealArray:
    return np.broadcast_to(matrix, (bound.batch, *matrix.shape[1:]))


def _add(op: Op, place: int, slope: RealArray, state: Moments, means: RealArray, spread: RealArray) -> None:
    """dr/dθ = Ar + b and dV/dθ = AV + VAᵀ, just after the op."""
    if op.gate.generator is None:
        raise AssertionError(f"{op.gate.name} is not a factor")
    linear, constant = quadrature_action(op.gate.generator, len(op.wires))
    rows, factor = state.rows(op.wires), slope if not op.inverse else -slope
    means[place][:, rows] += factor[:, None] * (state.means[:, 0, rows] @ linear.T + constant)
    change = np.zeros_like(state.covariance)
    change[:, rows, :] = linear @ state.covariance[:, rows, :]
    spread[place] += factor[:, None, None] * (change + change.swapaxes(1, 2))
