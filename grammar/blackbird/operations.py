"""Operations of Blackbird and Strawberry Fields as ops.

A measurement becomes a `Measure` into no cell yet, and an angle may depend on results: `circuit` resolves both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from qcompile.angle import Angle, pi_times
from qcompile.diagnostics import Code, error
from qcompile.gates import TABLE, Gate
from qcompile.grammar.blackbird import matrices
from qcompile.grammar.blackbird.signatures import ROWS, Applied, Given, bound, real
from qcompile.grammar.decompose import invert
from qcompile.ir import Measure, Op
from qcompile.ir.program import Detection

Step: TypeAlias = Op | Measure
_Builder: TypeAlias = Callable[[Applied, Given], Sequence[Step]]
_ZERO, _QUARTER = Angle(), pi_times(1, 2)


def steps(applied: Applied) -> list[Step]:
    """The ops and detections that an operation is.

    Raises:
        CompileError: what `bound` finds; WRONG_TYPE, SIZES_DIFFER, NOT_UNITARY, NOT_CONSTANT, NOT_WHOLE, BAD_NUMBER.

    Warns:
        CompileWarning: ROUNDED.
    """
    name, given = bound(applied)
    gate = ROWS.get(name)
    made = [_row(gate, applied, given)] if gate is not None else _BUILDERS[name](applied, given)
    if not applied.inverse:
        return list(made)
    return [invert(step) if isinstance(step, Op) else step for step in reversed(made)]


def _row(gate: Gate, applied: Applied, given: Given) -> Op:
    angles = tuple(real(argument, name, applied) for name, argument in given.items())
    if gate.prepares == "number":
        _check_photons(angles[0], applied)
    for angle, name, (least, most) in zip(angles, given, gate.bounds, strict=False):
        if angle.is_constant and not least <= float(angle) <= most:
            limits = f"at least {least:g}" if math.isinf(most) else f"from {least:g} to {most:g}"
            label = f"`{name}` of `{applied.name}` is {limits}, and this is {float(angle):g}"
            raise error(Code.BAD_NUMBER, label, applied.span, "transmissivities and mean photon numbers have limits")
    return _op(applied, gate.name, *angles)


def _check_photons(photons: Angle, applied: Applied) -> None:
    if not photons.is_constant:
        label = f"the number of photons of `{applied.name}` is known before the program runs"
        raise error(Code.NOT_CONSTANT, label, applied.span, "write a number")
    count = float(photons)
    if not count.is_integer() or count < 0:
        raise error(Code.NOT_WHOLE, f"a mode does not hold {count:g} photons", applied.span, "write 0, 1, 2 or more")


def _op(applied: Applied, gate: str, *angles: Angle) -> Op:
    return Op(TABLE[gate], applied.modes, angles, span=applied.span)


def _displaced_squeezed(applied: Applied, given: Given) -> list[Step]:
    r_d, phi_d, r_s, phi_s = (real(given[name], name, applied) for name in ("r_d", "phi_d", "r_s", "phi_s"))
    return [_op(applied, "squeezed", r_s, phi_s), _op(applied, "displace", r_d, phi_d)]


def _symmetric_mach_zehnder(applied: Applied, given: Given) -> list[Step]:
    splitter = _op(applied, "beamsplit", pi_times(1, 4), _QUARTER)
    turns = [
        _op(replace(applied, modes=(mode,)), "rotate", real(given[name], name, applied) - _QUARTER)
        for mode, name in zip(applied.modes, ("phi_in", "phi_ex"), strict=True)
    ]
    return [splitter, *turns, splitter]


def _by_matrix(build: Callable[[Applied, Given], Sequence[Op]]) -> _Builder:
    def built(applied: Applied, given: Given) -> list[Step]:
        ops = build(applied, given)
        return [replace(op, wires=tuple(applied.modes[w] for w in op.wires), span=applied.span) for op in ops]

    return built


def _detector(detection: Detection, angle: Angle = _ZERO) -> _Builder:
    def detected(applied: Applied, given: Given) -> list[Step]:
        for name in ("select", "dark_counts"):
            if given.get(name) is not None:
                advice = "leave it out, and choose among the samples"
                label = f"`{applied.name}` with `{name}` cannot be read"
                raise error(Code.OUT_OF_REACH, label, applied.span, advice)
        phase = real(given["phi"], "phi", applied) if "phi" in given else angle
        return [Measure(detection, mode, (), phase, applied.span) for mode in applied.modes]

    return detected


_BUILDERS: Mapping[str, _Builder] = {
    "DisplacedSqueezed": _displaced_squeezed,
    "Fouriergate": lambda applied, given: [_op(applied, "fourier")],
    "sMZgate": _symmetric_mach_zehnder,
    "Interferometer": _by_matrix(matrices.interferometer),
    "GaussianTransform": _by_matrix(matrices.gaussian_transform),
    "Gaussian": _by_matrix(matrices.gaussian),
    "GraphEmbed": _by_matrix(matrices.graph),
    "BipartiteGraphEmbed": _by_matrix(matrices.bipartite_graph),
    "MeasureFock": _detector("fock"),
    "MeasureX": _detector("homodyne"),
    "MeasureP": _detector("homodyne", _QUARTER),
    "MeasureHomodyne": _detector("homodyne"),
    "MeasureHeterodyne": _detector("heterodyne"),
}
