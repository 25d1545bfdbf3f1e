"""Hessian-vector products of adjoint programs: the tangent of the sweep, forward over reverse.

Every vector x on the way carries its derivative δx along a direction v of the parameters. Under U = exp(-iαG) the
pair (x, δx) becomes (y, U·δx − i·δα·G·y) with y = U·x and δα = Σ v_k ∂α/∂θ_k: gates of the program and uncompute
ops, kets and bras alike. A gradient 2 Im⟨λ|G|ψ⟩ then has the tangent 2 Im(⟨δλ|G|ψ⟩ + ⟨λ|G|δψ⟩). The work of two
sweeps gives the product of the whole Hessian and v, whatever the number of parameters (Pearlmutter 1994, Neural
Computation 6, 147).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from qcompile.angle import Angle, derivative, elements, number
from qcompile.diagnostics import Code, error
from qcompile.gates.algebra import controlled
from qcompile.ir import Adjoint, Barrier, Expectation, Gradient, Op
from qcompile.operator import Operator
from qcompile.targets.simulator.engine import check_size, row_parts
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.tensor import ComplexArray, apply
from qcompile.targets.simulator.tensor_gates import lowered, map_of
from qcompile.targets.simulator.tensor_operators import act, inner
from qcompile.targets.simulator.tensor_program import plan
from qcompile.targets.simulator.values import Bound, RealArray, Values, bind, value_of

Dual: TypeAlias = tuple[ComplexArray, ComplexArray]
DualReal: TypeAlias = tuple[RealArray, RealArray]


def hessian_vector_products(module: Adjoint, values: Values, direction: Mapping[str, ArrayLike]) -> list[RealArray]:
    """Σ_k v_k ∂²output/∂element∂θ_k for each component, shape (batch,).

    Args:
        direction: v by parameter name, as `values` are given; a parameter that is left out has the direction 0.

    Raises:
        CompileError: METHOD, for programs that are not of unitary gates on qubits or return other than expectations;
            UNBOUND, BAD_VALUE, BAD_NUMBER, TOO_LARGE.
    """
    check_tangent(module)
    parameters = module.forward.parameters
    zeros = {p.name: np.zeros(() if p.size is None else p.size) for p in parameters}
    bound, along = bind(parameters, values), bind(parameters, {**zeros, **direction})
    batch = max(bound.batch, along.batch)
    bound, along = _repeated(bound, batch), _repeated(along, batch)
    copies = 5 + 2 * (1 + len(module.forward.outputs))
    chunks = row_parts(plan(module.forward), batch, Options().cutoff, copies)
    parts = [_Tangent(module, bound.rows(rows), along.rows(rows)).products() for rows in chunks]
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def _repeated(bound: Bound, batch: int) -> Bound:
    return Bound({element: np.broadcast_to(value, (batch,)) for element, value in bound.elements.items()}, batch)


def check_tangent(module: Adjoint) -> None:
    """Raises METHOD, where the program has no tangent."""
    check_size(module.forward, Options().cutoff)
    way_out = "apply `differentiate` with `shift` twice"
    for statement in module.forward.body:
        if not isinstance(statement, Op | Barrier) or not (isinstance(statement, Barrier) or statement.gate.is_unitary):
            raise error(Code.METHOD, "only a program of gates has a tangent", statement.span, way_out)
        for part in lowered(statement, module.forward.definitions) if isinstance(statement, Op) else ():
            if part.gate.hamiltonian is not None:
                label = f"the generator of `{part.gate.name}` holds its parameters, and has no tangent"
                raise error(Code.METHOD, label, statement.span, "take differences of the adjoint gradients")
    if "qumode" in module.forward.kinds:
        raise error(Code.METHOD, "a program of light has no tangent", help=way_out)
    for output in module.forward.outputs:
        if not isinstance(output, Expectation):
            raise error(Code.METHOD, "only expectations have a tangent", output.span, way_out)


@dataclass(frozen=True, slots=True)
class _Tangent:
    module: Adjoint
    bound: Bound
    along: Bound

    def products(self) -> list[RealArray]:
        forward = self.module.forward
        state = np.zeros((1, *(2,) * len(forward.kinds)), dtype=complex)
        state[(0,) * state.ndim] = 1.0
        ket: Dual = (state, np.zeros_like(state))
        for statement in forward.body:
            ket = self._moved(statement, ket) if isinstance(statement, Op) else ket
        final = ket
        wanted = sorted({component.output for component in self.module.components})
        operators = {k: o.observable.operator for k, o in enumerate(forward.outputs) if isinstance(o, Expectation)}
        bras = {k: self._acted(operators[k], ket) for k in wanted}
        found: dict[int, dict[int, DualReal]] = {k: {} for k in wanted}
        for step in self.module.reverse:
            match step:
                case Gradient(slot, generator):
                    image = self._acted(generator, ket)
                    for k, bra in bras.items():
                        found[k][slot] = _sum(found[k].get(slot), _overlap(bra, image))
                case Op():
                    ket = self._moved(step, ket)
                    bras = {k: self._moved(step, bra) for k, bra in bras.items()}
                case _:
                    raise AssertionError("the schedule does not mirror the program")
        return [self._component(k, found, final) for k in range(len(self.module.components))]

    def _moved(self, op: Op, vector: Dual) -> Dual:
        value, tangent = vector
        for part in lowered(op, self.module.forward.definitions):
            action = map_of(part, self.bound.elements, 2)
            value, tangent = apply(action, value), apply(action, tangent)
            rate = self._rate(part.angles[0]) if part.angles and part.gate.generator is not None else None
            if rate is not None and part.gate.generator is not None and rate.any():
                generator = controlled(part.gate.generator, part.controls).on(part.wires)
                turned = act(generator, self.bound.elements, value)
                tangent = tangent - 1j * rate.reshape(-1, *(1,) * (value.ndim - 1)) * turned
        return value, tangent

    def _acted(self, operator: Operator, vector: Dual) -> Dual:
        """Oψ and its tangent Oδψ + δOψ."""
        value, tangent = vector
        terms = [(word, self._rate(c)) for word, c in operator.terms if not c.is_constant]
        image = act(operator, self.bound.elements, value)
        moved = act(operator, self.bound.elements, tangent)
        for word, rate in terms:
            change = act(Operator(((word, _ONE),)), self.bound.elements, value)
            moved = moved + rate.reshape(-1, *(1,) * (value.ndim - 1)) * change
        return image, moved

    def _component(self, number: int, found: dict[int, dict[int, DualReal]], final: Dual) -> RealArray:
        component = self.module.components[number]
        total = np.zeros(self.bound.batch)
        for weight, slot in component.readings:
            value, tangent = found[component.output][slot]
            total = total + value_of(weight, self.bound.elements) * tangent + self._rate(weight) * value
        for weight, output in component.observed:
            if not isinstance(output, Expectation):
                raise AssertionError("outputs were checked before")
            image, moved = self._acted(output.observable.operator, final)
            value = inner(final[0], image).real
            tangent = (inner(final[1], image) + inner(final[0], moved)).real
            total = total + value_of(weight, self.bound.elements) * tangent + self._rate(weight) * value
        return total

    def _rate(self, angle: Angle) -> RealArray:
        """Σ v_k ∂angle/∂θ_k, shape (1,) or (batch,)."""
        total = np.zeros(1)
        for element in dict.fromkeys(elements(angle)):
            total = total + value_of(derivative(angle, element), self.bound.elements) * self.along.elements[element]
        return total


_ONE = number(1.0)


def _overlap(bra: Dual, image: Dual) -> DualReal:
    """2 Im⟨λ|Gψ⟩ and its tangent."""
    return 2 * inner(bra[0], image[0]).imag, 2 * (inner(bra[1], image[0]) + inner(bra[0], image[1])).imag


def _sum(known: DualReal | None, more: DualReal) -> DualReal:
    return more if known is None else (known[0] + more[0], known[1] + more[1])
