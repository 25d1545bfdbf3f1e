"""Adjoint programs on cut photonic gates, which are not unitary: the states before each op are kept on a tape.

Bras are pulled back by the adjoint matrices, and gradients read the derivatives of the cut matrices, so that the result
is the exact derivative of what the simulator computes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from qcompile.diagnostics import Code, error
from qcompile.gates.algebra import controlled
from qcompile.grammar import invert
from qcompile.ir import Adjoint, Gradient, Op, Program
from qcompile.targets.simulator import evolutions
from qcompile.targets.simulator.adjoint_outputs import Slots, Start, Walked, add
from qcompile.targets.simulator.tensor import ComplexArray, Dense, Map, apply_all, apply_where, dagger
from qcompile.targets.simulator.tensor_gates import derivative_of, levels_of, lowered, maps_of
from qcompile.targets.simulator.tensor_operators import act, cut, inner, norms
from qcompile.targets.simulator.tensor_outputs import leakage
from qcompile.targets.simulator.tensor_program import plan
from qcompile.targets.simulator.tensor_run import Branch, run_plan
from qcompile.targets.simulator.values import Bound

_CLOSE = 1e-6


def taped(module: Adjoint, bound: Bound, cutoff: int) -> Walked:
    walk = _Walk(module, bound, cutoff)
    ket, tape = walk.recorded()
    start = Start.of(module, [ket], ket.shape[1:], bound)
    lost = leakage([Branch(ket, ())])
    slots: list[Slots] = [{} for _ in start.owners]
    bras = [bra for (bra,) in start.bras]
    waiting: list[Gradient] = []
    for step in module.reverse:
        if isinstance(step, Gradient):
            waiting.append(step)
            continue
        taken = tape.pop()
        ket, maps = taken.ket, taken.maps or walk.maps(taken.op)
        for gradient in waiting:
            _read(gradient, walk.turned(gradient, taken.op, maps, ket), bras, slots)
        waiting.clear()
        back = [dagger(action) for action in reversed(maps)]
        bras = [apply_all(back, bra) for bra in bras]
    for gradient in waiting:
        _read(gradient, walk.image(gradient, ket), bras, slots)
    return Walked(start, slots, lost)


def _read(gradient: Gradient, image: ComplexArray, bras: list[ComplexArray], found: list[Slots]) -> None:
    for slots, bra in zip(found, bras, strict=True):
        add(slots, gradient.slot, 2 * inner(bra, image).imag)


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """An op that the schedule undoes, the state before it, and its maps where they are no larger than that state."""

    op: Op
    ket: ComplexArray
    maps: list[Map] | None

    @classmethod
    def of(cls, op: Op, ket: ComplexArray, maps: list[Map]) -> _Taken:
        entries = sum(action.matrix.size for action in maps if isinstance(action, Dense))
        return cls(op, ket, maps if entries <= ket.size else None)


@dataclass(frozen=True, slots=True)
class _Walk:
    """One part of the batch on its way back."""

    module: Adjoint
    bound: Bound
    cutoff: int

    def turned(self, gradient: Gradient, op: Op, maps: list[Map], before: ComplexArray) -> ComplexArray:
        """G·U·(state before); i·dU/dθ·(state before) where the gradient is that of a photonic op's own angle."""
        if is_own(gradient, op):
            return own_change(op, before, self.bound, self.cutoff)
        return self.image(gradient, apply_all(maps, before))

    def image(self, gradient: Gradient, ket: ComplexArray) -> ComplexArray:
        return turned(gradient, self.bound, ket)

    def recorded(self) -> tuple[ComplexArray, list[_Taken]]:
        """The final state, and the ops that the schedule undoes.

        Preparations are of fresh wires, so they come first. An optimised schedule may undo other ops than the program
        does, as long as they lead to the same state.
        """
        forward = self.module.forward
        undone = [invert(step) for step in self.module.reverse if isinstance(step, Op)][::-1]
        first = [s for s in forward.body if isinstance(s, Op) and s.gate.preparation]
        ops = [s for s in forward.body if isinstance(s, Op) and not s.gate.preparation]
        split = len(ops) - len(undone)
        follows = split >= 0 and ops[split:] == undone
        body = (*first, *ops[:split]) if follows else tuple(first)
        ket = self._final_state(replace(forward, body=body))
        tape: list[_Taken] = []
        for op in undone:
            maps = self.maps(op)
            tape.append(_Taken.of(op, ket, maps))
            ket = apply_all(maps, ket)
        if not follows and not _are_close(ket, self._final_state(forward)):
            raise error(Code.BAD_MODULE, "the reverse schedule does not lead back along the forward program")
        return ket, tape

    def maps(self, op: Op) -> list[Map]:
        parts = list(lowered(op, self.module.forward.definitions))
        return maps_of(parts, self.bound.elements, self.cutoff)

    def _final_state(self, program: Program) -> ComplexArray:
        (branch,) = run_plan(plan(program), self.bound, self.cutoff)
        return branch.state


def turned(gradient: Gradient, bound: Bound, ket: ComplexArray) -> ComplexArray:
    """Gψ, cut to the levels of ψ."""
    op = gradient.within
    if op is None:
        return cut(act(gradient.generator, bound.elements, ket), ket.shape)
    places = {wire: place for place, wire in enumerate(op.targets)}
    average = evolutions.average(op, gradient.generator.on(places), bound.elements)
    return apply_where(Dense(average, op.targets), levels_of(op), ket)


def own_change(op: Op, before: ComplexArray, bound: Bound, cutoff: int) -> ComplexArray:
    """i·dU/dθ·(state before) of a photonic op, by the derivative of its cut matrix."""
    return 1j * apply_where(derivative_of(op, bound.elements, cutoff), levels_of(op), before)


def is_own(gradient: Gradient, op: Op) -> bool:
    """Is the gradient that of this photonic op's angle?"""
    generator = op.gate.generator
    if generator is None or "qumode" not in op.gate.wires:
        return False
    return gradient.generator == controlled(generator, op.controls).on(op.wires)


def _are_close(left: ComplexArray, right: ComplexArray) -> bool:
    overlap = abs(inner(left, right)) ** 2
    return bool((overlap > (1 - _CLOSE) * norms(left) * norms(right)).all())
