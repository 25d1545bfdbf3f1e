"""The adjoint program: the forward program, then the schedule that walks back from its end reading gradients.

For U = exp(-iθG) within a circuit, d⟨O⟩/dθ = 2 Im⟨λ|G|ψ⟩, with ψ the state just after U and λ = O·(final state) pulled
back to the same point (Jones & Gacon 2020, arXiv:2009.02823).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from qcompile.angle import Angle, Element, derivative, elements
from qcompile.diagnostics import Code, CompileError, Span, error
from qcompile.grammar import invert
from qcompile.ir import Adjoint, AdjointComponent, Barrier, Expectation, Gradient, Op, Program, Variance
from qcompile.passes.differentiate.occurrences import expanded, generator_of
from qcompile.passes.differentiate.visibility import sightings
from qcompile.passes.light_cone import in_cone

_USE_SHIFT = "use `--method shift`"


def adjoint_derivative(program: Program, wrt: Sequence[Element]) -> Adjoint:
    """The adjoint program of every output's derivatives by the elements of `wrt`.

    Raises:
        CompileError: METHOD, where what the outputs see is not unitary, or they are no expectations and variances.
    """
    wanted = frozenset(wrt)
    if not all(isinstance(s, Op) and s.gate.is_unitary for s in program.body):
        program = in_cone(program)  # what no output sees may well be measured
    forward = expanded(program, wanted, keep_words=False)
    ops = _unitary_ops(forward, wanted)
    sights = [sightings(forward, output) for output in forward.outputs]
    reverse: list[Op | Gradient] = []
    angles: list[Angle] = []
    needed = 0
    for position in range(len(ops) - 1, -1, -1):
        op = ops[position]
        if op.gate.preparation:
            _check_fresh(op, ops[:position])
            continue
        if any(_depends(angle, wanted) for angle in op.angles) and any(id(op) in sight for sight in sights):
            generator, scale = generator_of(op, 0)
            reverse.append(Gradient(len(angles), generator))
            angles.append(op.angles[0] if scale > 0 else -op.angles[0])
            needed = len(reverse) + 1  # the op itself too; nothing reads what comes after the last of them
        reverse.append(invert(op))
    readings = _readings(angles, wrt)
    outputs = range(len(forward.outputs))
    components = tuple(AdjointComponent(k, element, readings[element]) for k in outputs for element in wrt)
    return Adjoint(forward, tuple(reverse[:needed]), len(angles), components)


def _readings(angles: list[Angle], wrt: Sequence[Element]) -> dict[Element, tuple[tuple[Angle, int], ...]]:
    """By element, the slots whose angles depend on it, weighted by their slopes."""
    found: dict[Element, list[tuple[Angle, int]]] = {element: [] for element in wrt}
    for slot, angle in enumerate(angles):
        for element in dict.fromkeys(elements(angle)):
            slope = derivative(angle, element)
            if element in found and not slope.is_zero:
                found[element].append((slope, slot))
    return {element: tuple(readings) for element, readings in found.items()}


def _depends(angle: Angle, wanted: Collection[Element]) -> bool:
    return any(element in wanted for element in elements(angle))


def _unitary_ops(program: Program, wanted: Collection[Element]) -> list[Op]:
    ops: list[Op] = []
    for statement in program.body:
        if isinstance(statement, Op) and not statement.gate.channel:
            ops.append(statement)
        elif isinstance(statement, Op):
            raise _refusal(f"a program with noise has no adjoint, and `{statement.gate.name}` is noise", statement.span)
        elif not isinstance(statement, Barrier):
            label = "a program that measures, resets, branches or post-selects has no adjoint"
            raise _refusal(label, statement.span)
    for output in program.outputs:
        if not isinstance(output, Expectation | Variance):
            raise _refusal("the adjoint method differentiates expectations and variances", output.span)
        for _, coefficient in output.observable.operator.terms:
            if _depends(coefficient, wanted):
                raise _refusal("the adjoint method does not differentiate an observable's coefficients", output.span)
    return ops


def _check_fresh(op: Op, before: list[Op]) -> None:
    if any(set(op.wires) & set(earlier.wires) for earlier in before):
        raise _refusal(f"`{op.gate.name}` discards a wire in the middle of the program", op.span)


def _refusal(label: str, span: Span | None) -> CompileError:
    return error(Code.METHOD, label, span, _USE_SHIFT)
