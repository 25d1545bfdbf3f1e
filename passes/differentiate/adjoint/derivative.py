"""The adjoint program: the forward program, then the schedule that walks back from its end reading gradients.

For U = exp(-iθG) within a circuit, d⟨O⟩/dθ = 2 Im⟨λ|G|ψ⟩, with ψ the state just after U and λ = O·(final state) pulled
back to the same point (Jones & Gacon 2020, arXiv:2009.02823). What is not a gate takes states to histories of states by
an isometry V, V†V = 1, so that V† walks back over it as U† does over a gate; each history has its ψ and its λ.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from qcompile.angle import Angle, Element, derivative, elements, number
from qcompile.diagnostics import Code, CompileError, Span, error
from qcompile.grammar import exponent_slope, invert
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Backward,
    Barrier,
    Covariance,
    Expectation,
    Gradient,
    If,
    Measure,
    Observable,
    Op,
    Output,
    Postselect,
    Probabilities,
    Program,
    Reset,
    Statement,
    Undo,
    Variance,
)
from qcompile.passes.differentiate.adjoint.dilation import dilated
from qcompile.passes.differentiate.occurrences import expanded, generator_of
from qcompile.passes.light_cone import in_cone

MAX_OUTCOMES = 256  # of probabilities, each of which takes a bra
_USE_SHIFT = "use `--method shift`"


def adjoint_derivative(program: Program, wrt: Sequence[Element]) -> Adjoint:
    """The adjoint program of every output's derivatives by the elements of `wrt`.

    Raises:
        CompileError: METHOD, for outputs that have no bra, and programs of light that are not unitary.
    """
    wanted = frozenset(wrt)
    _check_outputs(program)
    seen = in_cone(program)
    if "qumode" in program.kinds:
        _check_light(seen)
    forward = expanded(dilated(seen, wanted), wanted, keep_words=False)
    way = _WayBack(wanted)
    steps = list(way.steps(forward.body))
    # what optimises one may merge other gates in the other: then light is taped along the schedule, from the vacuum
    reverse = tuple(steps) if "qumode" in program.kinds and _has_gates_alone(forward) else _as_needed(steps)
    readings = _readings(way.angles, wrt)
    outputs = range(len(forward.outputs))
    components = tuple(
        AdjointComponent(k, element, readings[element], tuple(_observed(forward.outputs[k], element)))
        for k in outputs
        for element in wrt
    )
    return Adjoint(forward, reverse, len(way.angles), components)


@dataclass(slots=True)
class _WayBack:
    """`angles` are those of the gradients so far, by slot."""

    wanted: Collection[Element]
    angles: list[Angle] = field(default_factory=list[Angle])

    def steps(self, body: Sequence[Statement]) -> Iterator[Backward]:
        for statement in reversed(body):
            match statement:
                case Op(gate) if gate.is_unitary:
                    yield from self._over(statement)
                case Op(gate) if gate.channel:
                    yield statement
                case Measure() | Reset() | Postselect():
                    yield statement
                case If(condition, then, otherwise, span):
                    yield Undo(condition, tuple(self.steps(then)), tuple(self.steps(otherwise)), span)
                case Op() | Barrier():
                    pass  # preparations are of fresh wires: nothing comes before them

    def _over(self, op: Op) -> Iterator[Backward]:
        if op.gate.hamiltonian is not None:
            yield from self._within(op)
        elif any(_depends(angle, self.wanted) for angle in op.angles):
            yield Gradient(len(self.angles), generator_of(op))
            self.angles.append(op.angles[0])
        yield invert(op)

    def _within(self, op: Op) -> Iterator[Gradient]:
        """By each angle of an exp(-iH), whose slopes do not commute with H."""
        for index, angle in enumerate(op.angles):
            slope = exponent_slope(op, index).on(op.targets)
            if slope.terms and _depends(angle, self.wanted):
                yield Gradient(len(self.angles), slope, op)
                self.angles.append(angle)


def _as_needed(steps: list[Backward]) -> tuple[Backward, ...]:
    """Up to the last gradient, and the gate whose it is: nothing reads what comes after that."""
    while steps and not _reads(steps[-1]) and not (len(steps) > 1 and isinstance(steps[-2], Gradient)):
        steps.pop()
    return tuple(steps)


def _has_gates_alone(program: Program) -> bool:
    return all(isinstance(s, Barrier) or (isinstance(s, Op) and not s.gate.channel) for s in program.body)


def _reads(step: Backward) -> bool:
    return isinstance(step, Undo) and any(isinstance(s, Gradient) or _reads(s) for s in (*step.then, *step.otherwise))


def _readings(angles: list[Angle], wrt: Sequence[Element]) -> dict[Element, tuple[tuple[Angle, int], ...]]:
    """By element, the slots whose angles depend on it, weighted by their slopes."""
    found: dict[Element, list[tuple[Angle, int]]] = {element: [] for element in wrt}
    for slot, angle in enumerate(angles):
        for element in dict.fromkeys(elements(angle)):
            slope = derivative(angle, element)
            if element in found and not slope.is_zero:
                found[element].append((slope, slot))
    return {element: tuple(readings) for element, readings in found.items()}


def _observed(output: Output, element: Element) -> Iterator[tuple[Angle, Expectation | Covariance]]:
    """What the coefficients do: ⟨O⟩ is linear in O, a covariance in both its operators, and Var O = Cov(O, O)."""
    match output:
        case Expectation(observable):
            for slope in _slope(observable, element):
                yield number(1.0), replace(output, observable=slope)
        case Variance(observable, span):
            for slope in _slope(observable, element):
                yield number(2.0), Covariance(observable, slope, span)
        case Covariance(left, right):
            for slope in _slope(left, element):
                yield number(1.0), replace(output, left=slope)
            for slope in _slope(right, element):
                yield number(1.0), replace(output, right=slope)
        case _:
            pass


def _slope(observable: Observable, element: Element) -> Iterator[Observable]:
    """d observable / d element, if there is any."""
    slope = observable.operator.slope(element)
    if slope.terms:
        yield Observable(slope)


def _depends(angle: Angle, wanted: Collection[Element]) -> bool:
    return any(element in wanted for element in elements(angle))


def _check_outputs(program: Program) -> None:
    for output in program.outputs:
        if not isinstance(output, Expectation | Variance | Covariance | Probabilities):
            label = "the adjoint method differentiates expectations, variances, covariances and probabilities"
            raise _refusal(label, output.span)
        if isinstance(output, Probabilities) and 2 ** len(output.wires) > MAX_OUTCOMES:
            raise _refusal(f"the adjoint method takes at most {MAX_OUTCOMES} outcomes", output.span)


def _check_light(program: Program) -> None:
    """Preparations come first, quadratures are not detected on the way, and every run is kept."""
    touched = set[int]()
    for statement in program.statements():
        match statement:
            case Op(gate, wires):
                if gate.preparation and (touched & set(wires) or statement not in program.body):
                    raise _refusal(f"`{gate.name}` discards a wire in the middle of the program", statement.span)
                touched.update(wires)
            case Postselect():
                raise _refusal("post-selected light has no adjoint", statement.span)
            case Measure("homodyne" | "heterodyne"):
                raise _refusal("a detected quadrature has no adjoint", statement.span)
            case Measure(_, wire) | Reset(wire):
                touched.add(wire)
            case If() | Barrier():
                pass
            case _:
                assert_never(statement)


def _refusal(label: str, span: Span | None) -> CompileError:
    return error(Code.METHOD, label, span, _USE_SHIFT)
