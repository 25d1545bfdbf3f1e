"""The planner: for each parameter an exact derivative that hardware can say, with few evaluations."""

from __future__ import annotations

from collections.abc import Sequence

from qcompile.angle import Element, elements
from qcompile.diagnostics import CompileError
from qcompile.ir import Expectation, Shifted
from qcompile.passes.differentiate.hadamard.derivative import hadamard_derivative
from qcompile.passes.differentiate.hadamard.generator_words import located
from qcompile.passes.differentiate.hadamard.parallel import EndReader
from qcompile.passes.differentiate.shift.derivative import shifted_where_possible
from qcompile.passes.differentiate.sight.pullback import Images


def best_derivative(module: Shifted, wrt: Sequence[Element]) -> Shifted:
    """Shift rules; Hadamard tests where there is none; layers at the end read in parallel, where that saves much.

    What is read at the end are other words on the same circuit, which may take more measurement settings; so that is
    done where it more than halves the evaluations. An ancilla is only taken where nothing else is exact.

    Raises:
        CompileError: NO_RULE, NOT_DIFFERENTIABLE.
    """
    made = _shifted(module, wrt)
    parallel = _at_end(module, wrt)
    if not parallel:
        return made
    rest = [element for element in wrt if element not in parallel]
    other = hadamard_derivative(_shifted(module, rest), parallel, "parallel", _order(module))
    return other if 2 * other.evaluations < made.evaluations else made


def _shifted(module: Shifted, wrt: Sequence[Element]) -> Shifted:
    made, refused = shifted_where_possible(module, wrt)
    if not refused:
        return made
    try:
        return hadamard_derivative(made, list(refused), order=_order(module))
    except CompileError:
        diagnostics = (d for refusal in refused.values() for d in refusal.diagnostics)
        raise CompileError(tuple(dict.fromkeys(diagnostics))) from None


def _order(module: Shifted) -> int:
    return max(len(component.wrt) for component in module.components)


def _at_end(module: Shifted, wrt: Sequence[Element]) -> list[Element]:
    """The elements whose derivatives can be read on the circuit as it is, whichever output."""
    if len(module.templates) != 1 or len(wrt) < 2:
        return []
    (template,) = module.templates
    program = template.program
    outputs = [output for output in program.outputs if isinstance(output, Expectation)]
    if len(outputs) < len(program.outputs):
        return []
    reader, wanted, blocked = EndReader(program, Images()), set(wrt), set[Element]()
    for at in located(program):
        reached = {e for angle in at.op.angles if angle.terms for e in elements(angle)} & wanted
        if reached - blocked and any(reader.read(output, at.position) is None for output in outputs):
            blocked |= reached
            if 2 * len(blocked) > len(wrt):  # what is left over takes too much
                return []
    return [element for element in wrt if element not in blocked]
