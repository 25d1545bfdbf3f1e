"""Programs on more wires than their outputs see at once, run slice by slice where that is less work."""

from __future__ import annotations

from typing import assert_never

from qcompile.ir import Adjoint, Module, Program, Samples, Shifted, State
from qcompile.passes.cones import cone_widths
from qcompile.passes.differentiate import lift
from qcompile.passes.narrow import narrowed, used_wires
from qcompile.passes.pipeline import size
from qcompile.passes.slice_cones import sliced
from qcompile.targets.simulator import density

_NARROW = 16  # wires of a program whose state is so small that slicing it saves nothing
_JOINING = 32  # how much longer a sweep takes with as many histories as levels than density matrices take
_STEP = 1 << 13  # amplitudes that are worked on in the time that a statement takes to set up


def simulable(module: Module) -> Module:
    """Of a wide program what is least work: itself, or its slices. Their components are the outputs in order."""
    if not isinstance(module, Program):
        return module
    program = trimmed(module)
    slices = slices_of(program)
    return program if slices is None or work(program) <= work(slices) else slices


def trimmed(program: Program) -> Program:
    """A wide program on the wires that it uses."""
    wires = len(program.kinds)
    return program if wires <= _NARROW or wires == len(used_wires(program)) else narrowed(program)


def slices_of(program: Program) -> Shifted | None:
    """The slices of a wide program, where all are narrower than it.

    Qubits alone: the cut of a qumode loses weight from what other slices see.
    """
    wires = len(program.kinds)
    if wires <= _NARROW or "qumode" in program.kinds or not program.outputs:
        return None
    if any(isinstance(output, Samples | State) for output in program.outputs):
        return None
    whole = lift(program)
    if any(width == wires for template in whole.templates for width in cone_widths(template.program)):
        return None
    return sliced(whole)


def work(module: Module) -> int:
    """The amplitudes that running the module visits: statements × rows × 2^qubits, and what setting them up costs."""
    match module:
        case Program():
            return size(module) * (_amplitudes(module) + _STEP)
        case Shifted():
            rows = [0] * len(module.templates)
            for row in module.rows:
                rows[row.template] += 1
            programs = [template.program for template in module.templates]
            return sum(size(p) * (count * _amplitudes(p) + _STEP) for p, count in zip(programs, rows, strict=True))
        case Adjoint():
            # a state and a bra for each output are walked back; a gradient reads both
            states = 1 + len(module.forward.outputs)
            steps = size(module.forward) + states * (size(module) - size(module.forward))
            return steps * (_histories(module.forward) + _STEP)
        case _:
            assert_never(module)


def _amplitudes(program: Program) -> int:
    """Of a state vector, or of the density matrix of what has more histories than levels."""
    qubits = len(program.kinds)
    return 1 << (2 * qubits if density.is_cheaper(program) else qubits)


def _histories(program: Program) -> int:
    """The amplitudes that a sweep carries; parting and joining so many histories is most of its work."""
    return _amplitudes(program) * (_JOINING if density.is_cheaper(program) else 1)
