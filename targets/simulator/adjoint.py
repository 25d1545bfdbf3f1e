"""Runs adjoint programs: the forward state and one bra per output, walked back along the schedule together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.gates.algebra import controlled
from qcompile.grammar import invert
from qcompile.ir import Adjoint, Barrier, Expectation, Gradient, Op, Output, Program, Variance
from qcompile.operator import Operator
from qcompile.targets.simulator import gaussian
from qcompile.targets.simulator.engine import check_size, row_parts, takes_gaussian
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.tensor import ComplexArray, Map, apply_all, apply_where, dagger
from qcompile.targets.simulator.tensor_gates import derivative_of, levels_of, lowered, maps_of
from qcompile.targets.simulator.tensor_operators import act, act_back, cut, inner, norms
from qcompile.targets.simulator.tensor_outputs import exact_output, leakage
from qcompile.targets.simulator.tensor_program import Plan, plan
from qcompile.targets.simulator.tensor_run import Branch, run_plan
from qcompile.targets.simulator.values import Bound, Elements, RealArray, value_of

_CLOSE = 1e-6
Bras = dict[int, ComplexArray]
Slots = dict[int, RealArray]


@dataclass(frozen=True, slots=True)
class Swept:
    """One array of shape (batch,) per output of the forward program and per component, and what the cut lost."""

    outputs: list[RealArray]
    components: list[RealArray]
    leakage: float = 0.0


def sweep(module: Adjoint, bound: Bound, options: Options) -> Swept:
    """Runs the program forward and walks back along the schedule.

    On qubits the state is uncomputed. Cut photonic gates are not unitary: there the states before each op are kept,
    bras are pulled back by the adjoint matrices, and gradients read the derivatives of the cut matrices, so that the
    result is the exact derivative of what the simulator computes.

    Raises:
        CompileError: METHOD, TOO_LARGE, NOT_SIMULABLE, BAD_NUMBER, BAD_MODULE.
    """
    _check(module, options)
    if takes_gaussian(module.forward, options):
        values = gaussian.run(module.forward, bound.elements, bound.batch, options)
        return Swept(list(values), gaussian.adjoint(module, bound.elements, bound.batch, options))
    check_size(module.forward, options.cutoff)
    lowered_forward = plan(module.forward)
    outputs = sorted({component.output for component in module.components})
    keeps = "qumode" in module.forward.kinds
    copies = 5 + len(outputs) + (len(module.reverse) if keeps else 0)
    parts: list[Swept] = []
    for rows in row_parts(lowered_forward, bound.batch, options.cutoff, copies):
        walk = _Walk(module, bound.rows(rows), options.cutoff)
        ket, slots = walk.kept(outputs) if keeps else walk.uncomputed(outputs)
        values = walk.values(lowered_forward, ket)
        parts.append(Swept(values, _components(module, slots, walk.bound), leakage([Branch(ket, ())])))
    return Swept(
        [np.concatenate(arrays) for arrays in zip(*(part.outputs for part in parts), strict=True)],
        [np.concatenate(arrays) for arrays in zip(*(part.components for part in parts), strict=True)],
        max(part.leakage for part in parts),
    )


def _check(module: Adjoint, options: Options) -> None:
    way_out = "use `--method shift`"
    if options.shots is not None:
        raise error(Code.METHOD, "an adjoint program is exact and takes no shots", help=way_out)
    for statement in module.forward.body:
        if not isinstance(statement, Op | Barrier) or (isinstance(statement, Op) and statement.gate.channel):
            label = "a program that measures, resets, branches or has noise has no adjoint"
            raise error(Code.METHOD, label, statement.span, way_out)
    for output in module.forward.outputs:
        if not isinstance(output, Expectation | Variance):
            label = "the adjoint method differentiates expectations and variances"
            raise error(Code.METHOD, label, output.span, way_out)


def _components(module: Adjoint, slots: dict[int, Slots], bound: Bound) -> list[RealArray]:
    results: list[RealArray] = []
    for component in module.components:
        total = np.zeros(bound.batch)
        for weight, slot in component.readings:
            total = total + value_of(weight, bound.elements) * slots[component.output].get(slot, 0.0)
        results.append(total)
    return results


@dataclass(frozen=True, slots=True)
class _Walk:
    """One part of the batch on its way back."""

    module: Adjoint
    bound: Bound
    cutoff: int

    def values(self, lowered_forward: Plan, ket: ComplexArray) -> list[RealArray]:
        """What the forward program returns, of its final state."""
        outputs = self.module.forward.outputs
        found = [exact_output(o, lowered_forward, [Branch(ket, ())], self.bound.elements).real for o in outputs]
        return [np.broadcast_to(value, (self.bound.batch,)) for value in found]

    def uncomputed(self, outputs: Sequence[int]) -> tuple[ComplexArray, dict[int, Slots]]:
        """The final state, and the slots by output; the uncompute ops act on state and bras alike."""
        elements = self.bound.elements
        ket = final = _final_state(self.module.forward, self.bound, self.cutoff)
        bras = self._bras(outputs, ket)
        found: dict[int, Slots] = {output: {} for output in outputs}
        for step in self.module.reverse:
            if isinstance(step, Gradient):
                self._read(step, act(step.generator, elements, ket), bras, found)
                continue
            maps = self._maps(step)
            ket = apply_all(maps, ket)
            bras = {output: apply_all(maps, bra) for output, bra in bras.items()}
        return final, found

    def kept(self, outputs: Sequence[int]) -> tuple[ComplexArray, dict[int, Slots]]:
        """The same, exact for cut gates. `tape` holds the state before each op that the schedule undoes."""
        ket, tape, ops = self._taped()
        final = ket
        bras = self._bras(outputs, ket)
        found: dict[int, Slots] = {output: {} for output in outputs}
        waiting: list[Gradient] = []
        for step in self.module.reverse:
            if isinstance(step, Gradient):
                waiting.append(step)
                continue
            op, ket = ops.pop(), tape.pop()
            maps = self._maps(op)
            for gradient in waiting:
                self._read(gradient, self._turned(gradient, op, maps, ket), bras, found)
            waiting.clear()
            back = [dagger(action) for action in reversed(maps)]
            bras = {output: apply_all(back, bra) for output, bra in bras.items()}
        for gradient in waiting:
            self._read(gradient, self._cut_image(gradient.generator, ket), bras, found)
        return final, found

    def _read(self, gradient: Gradient, image: ComplexArray, bras: Bras, found: dict[int, Slots]) -> None:
        for output, bra in bras.items():
            value = 2 * inner(bra, image).imag
            found[output][gradient.slot] = found[output].get(gradient.slot, 0.0) + value

    def _turned(self, gradient: Gradient, op: Op, maps: list[Map], before: ComplexArray) -> ComplexArray:
        """G·U·(state before); i·dU/dθ·(state before) where the gradient is that of a photonic op's own angle."""
        if _is_own(gradient, op):
            change = derivative_of(op, self.bound.elements, self.cutoff)
            return 1j * apply_where(change, levels_of(op), before)
        return self._cut_image(gradient.generator, apply_all(maps, before))

    def _cut_image(self, generator: Operator, ket: ComplexArray) -> ComplexArray:
        return cut(act(generator, self.bound.elements, ket), ket.shape)

    def _taped(self) -> tuple[ComplexArray, list[ComplexArray], list[Op]]:
        """The final state, and the ops that the schedule undoes with the state before each.

        Preparations are of fresh wires, so they come first. An optimised schedule may undo other ops than the program
        does, as long as they lead to the same state.
        """
        undone = [invert(step) for step in self.module.reverse if isinstance(step, Op)][::-1]
        first = [s for s in self.module.forward.body if isinstance(s, Op) and s.gate.preparation]
        ops = [s for s in self.module.forward.body if isinstance(s, Op) and not s.gate.preparation]
        split = len(ops) - len(undone)
        follows = split >= 0 and ops[split:] == undone
        body = (*first, *ops[:split]) if follows else tuple(first)
        ket = _final_state(replace(self.module.forward, body=body), self.bound, self.cutoff)
        tape: list[ComplexArray] = []
        for op in undone:
            tape.append(ket)
            ket = apply_all(self._maps(op), ket)
        if not follows and not _are_close(ket, _final_state(self.module.forward, self.bound, self.cutoff)):
            raise error(Code.BAD_MODULE, "the reverse schedule does not lead back along the forward program")
        return ket, tape, undone

    def _bras(self, outputs: Sequence[int], ket: ComplexArray) -> Bras:
        elements = self.bound.elements
        return {k: _bra(self.module.forward.outputs[k], elements, ket) for k in outputs}

    def _maps(self, op: Op) -> list[Map]:
        parts = list(lowered(op, self.module.forward.definitions))
        return maps_of(parts, self.bound.elements, self.cutoff)


def _bra(output: Output, elements: Elements, ket: ComplexArray) -> ComplexArray:
    """λ with d output = 2 Re⟨λ|dψ⟩: Oψ of an expectation, (O² − 2⟨O⟩O)ψ of a variance."""
    if not isinstance(output, Expectation | Variance):
        raise AssertionError("outputs were checked before")
    operator = output.observable.operator
    image = act(operator, elements, ket)
    first = cut(image, ket.shape)
    if isinstance(output, Expectation):
        return first
    mean = inner(ket, first).real.reshape(-1, *(1,) * (ket.ndim - 1))
    result: ComplexArray = act_back(operator, elements, image, ket.shape) - 2 * mean * first
    return result


def _final_state(program: Program, bound: Bound, cutoff: int) -> ComplexArray:
    (branch,) = run_plan(plan(program), bound, cutoff)
    return branch.state


def _is_own(gradient: Gradient, op: Op) -> bool:
    generator = op.gate.generator
    if generator is None or "qumode" not in op.gate.wires:
        return False
    return gradient.generator == controlled(generator, op.controls).on(op.wires)


def _are_close(left: ComplexArray, right: ComplexArray) -> bool:
    overlap = np.square(np.abs(inner(left, right)))
    return bool(np.all(overlap > (1 - _CLOSE) * norms(left) * norms(right)))
