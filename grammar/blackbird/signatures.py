"""Operations of Blackbird and Strawberry Fields: what they are called, and what they take."""

from __future__ import annotations

import cmath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from qcompile.angle import Angle, number, pi_times
from qcompile.diagnostics import Code, Span, did_you_mean, error
from qcompile.gates import TABLE
from qcompile.grammar.blackbird.values import Array, Value
from qcompile.grammar.checks import counted

Argument: TypeAlias = Value | tuple[Value, ...] | None
Given: TypeAlias = Mapping[str, Argument]


@dataclass(frozen=True, slots=True)
class Applied:
    """An operation on modes, its arguments evaluated.

    Attributes:
        places: where each mode is written.
        inverse: it is undone; only gates can be.
    """

    name: str
    modes: tuple[int, ...]
    arguments: tuple[Argument, ...] = ()
    keywords: Given = field(default_factory=dict[str, Argument])
    span: Span | None = None
    places: tuple[Span | None, ...] = ()
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """The names of the arguments, the values of those that may be left out, and the number of modes; None for any."""

    parameters: tuple[str, ...]
    defaults: Given
    modes: int | None


ROWS = {gate.spelling.blackbird: gate for gate in TABLE.values() if gate.spelling.blackbird}
_ZERO, _ONE = Angle(), number(1.0)
_NAMED: Mapping[str, tuple[str, ...]] = {  # where the arguments are not called as in the gate table
    "Rgate": ("theta",), "Squeezed": ("r", "p"), "LossChannel": ("T",), "ThermalLossChannel": ("T", "nbar"),
}  # fmt: skip
_DEFAULTS: Mapping[str, Given] = {
    "Dgate": {"phi": _ZERO}, "Sgate": {"phi": _ZERO}, "S2gate": {"phi": _ZERO}, "CXgate": {"s": _ONE},
    "CZgate": {"s": _ONE}, "BSgate": {"theta": pi_times(1, 4), "phi": _ZERO}, "Coherent": {"r": _ZERO, "phi": _ZERO},
    "Squeezed": {"r": _ZERO, "p": _ZERO}, "Fock": {"n": _ZERO}, "Thermal": {"n": _ZERO},
}  # fmt: skip


def _optional(needed: str, modes: int | None, **defaults: Argument) -> Signature:
    return Signature((*needed.split(), *defaults), defaults, modes)


_OTHERS: Mapping[str, Signature] = {
    "DisplacedSqueezed": _optional("", 1, r_d=_ZERO, phi_d=_ZERO, r_s=_ZERO, phi_s=_ZERO),
    "Fouriergate": _optional("", 1),
    "sMZgate": _optional("phi_in phi_ex", 2),
    "Interferometer": _optional("U", None, mesh=None, drop_identity=None, tol=None),
    "GaussianTransform": _optional("S", None, vacuum=False, tol=None),
    "Gaussian": _optional("V", None, r=None, decomp=None, tol=None),
    "GraphEmbed": _optional("A", None, mean_photon_per_mode=_ONE, make_traceless=False, tol=None),
    "BipartiteGraphEmbed": _optional("A", None, mean_photon_per_mode=_ONE, edges=False, drop_identity=None, tol=None),
    "MeasureFock": _optional("", None, select=None, dark_counts=None),
    "MeasureHomodyne": _optional("phi", 1, select=None),
    "MeasureX": _optional("", 1, select=None),
    "MeasureP": _optional("", 1, select=None),
    "MeasureHeterodyne": _optional("", 1, select=None),
}
_SYNONYMS: Mapping[str, str] = {
    "Vac": "Vacuum", "Fourier": "Fouriergate", "MeasureHD": "MeasureHeterodyne", "Measure": "MeasureFock",
    "MeasureIntensity": "MeasureFock",
}  # fmt: skip
_PREPARED = "modes start as `Vacuum`, `Coherent`, `Squeezed`, `DisplacedSqueezed`, `Thermal`, `Fock` or `Gaussian`"
_UNREAD: Mapping[str, str] = {
    "Catstate": _PREPARED,
    "GKP": _PREPARED,
    "Bosonic": _PREPARED,
    "Ket": _PREPARED,
    "DensityMatrix": _PREPARED,
    "MeasureThreshold": "count photons with `MeasureFock()`, and ask of the samples whether there were any",
    "MSgate": "use `Sgate`, which it approximates",
    "PassiveChannel": "write it as `Interferometer` and `LossChannel`",
    "Del": "leave it out: nothing returns what a mode holds that is not asked for",
    "New": "number all modes from the beginning; they start in the vacuum",
}
_POLAR = ("Dgate", "Coherent", "Sgate", "Squeezed", "S2gate", "DisplacedSqueezed")


def operation_names() -> set[str]:
    """Every operation that can be read."""
    return {*ROWS, *_OTHERS, *_SYNONYMS}


def bound(applied: Applied) -> tuple[str, Given]:
    """The operation's own name, and each parameter's argument.

    Raises:
        CompileError: UNKNOWN_GATE, OUT_OF_REACH, WRONG_ANGLES, DUPLICATE_NAME, WRONG_ARITY, REPEATED_WIRE.
    """
    if applied.name in _UNREAD:
        raise error(Code.OUT_OF_REACH, f"`{applied.name}` cannot be read", name_place(applied), _UNREAD[applied.name])
    name = _SYNONYMS.get(applied.name, applied.name)
    known = _signature(name)
    if known is None:
        advice = did_you_mean(applied.name, operation_names()) or "`include` the file of the program that has this name"
        raise error(Code.UNKNOWN_GATE, f"no operation is called `{applied.name}`", name_place(applied), advice)
    _check_modes(applied, known)
    return name, _arguments(applied, name, known)


def real(argument: Argument, name: str, applied: Applied) -> Angle:
    """The argument as a real number; raises WRONG_TYPE."""
    if isinstance(argument, Angle):
        return argument
    if isinstance(argument, complex) and argument.imag == 0:
        return number(argument.real)
    label = f"`{name}` of `{applied.name}` is a real number, and this is {kind_of(argument)}"
    raise error(Code.WRONG_TYPE, label, applied.span, "give a number, a `float` variable, or a parameter in braces")


def kind_of(argument: Argument) -> str:
    """What an argument is, for a label."""
    match argument:
        case Array():
            return "an array"
        case bool():
            return "a truth value"
        case str():
            return "a text"
        case Angle():
            return "a number"
        case tuple():
            return "a list"
        case None:
            return "nothing"
        case _:
            return "a complex number"


def name_place(applied: Applied) -> Span | None:
    """Where the operation's name is written."""
    span = applied.span
    return span and Span(span.source, span.start, span.start + len(applied.name))


def _signature(name: str) -> Signature | None:
    gate = ROWS.get(name)
    if gate is None:
        return _OTHERS.get(name)
    return Signature(_NAMED.get(name, gate.parameters), _DEFAULTS.get(name, {}), len(gate.wires))


def _check_modes(applied: Applied, known: Signature) -> None:
    modes = applied.modes
    if known.modes is not None and len(modes) != known.modes:
        wanted = counted(known.modes, "mode", "modes")
        advice = "write a line for each mode" if known.modes == 1 else f"write `{applied.name}(…) | [0, 1]`"
        raise error(Code.WRONG_ARITY, f"`{applied.name}` acts on {wanted}, not {len(modes)}", applied.span, advice)
    for k, mode in enumerate(modes):
        if mode in modes[:k]:
            place = applied.places[k] if k < len(applied.places) else applied.span
            advice = f"`{applied.name}` acts on different modes"
            raise error(Code.REPEATED_WIRE, f"mode {mode} stands here twice", place, advice)


def _arguments(applied: Applied, name: str, known: Signature) -> Given:
    arguments, keywords = _polar(applied, name)
    usage = f"write `{applied.name}({', '.join(known.parameters)})`" if known.parameters else "leave the arguments out"
    if len(arguments) > len(known.parameters):
        most = counted(len(known.parameters), "argument", "arguments")
        label = f"`{applied.name}` takes {most if known.parameters else 'no arguments'}, not {len(arguments)}"
        raise error(Code.WRONG_ANGLES, label, applied.span, usage)
    given = dict(zip(known.parameters, arguments, strict=False))
    for keyword, value in keywords.items():
        if keyword not in known.parameters:
            advice = did_you_mean(keyword, known.parameters) or usage
            label = f"`{applied.name}` has no argument `{keyword}`"
            raise error(Code.WRONG_ANGLES, label, applied.span, advice)
        if keyword in given:
            advice = "give it once, by its place or by its name"
            raise error(Code.DUPLICATE_NAME, f"the argument `{keyword}` is given twice", applied.span, advice)
        given[keyword] = value
    missing = [f"`{each}`" for each in known.parameters if each not in given and each not in known.defaults]
    if missing:
        raise error(Code.WRONG_ANGLES, f"`{applied.name}` needs {' and '.join(missing)}", applied.span, usage)
    return {each: given[each] if each in given else known.defaults[each] for each in known.parameters}


def _polar(applied: Applied, name: str) -> tuple[tuple[Argument, ...], Given]:
    """The arguments, with a complex amplitude as its magnitude and phase.

    Early versions call the amplitude `a`, and the phase of a preparation `p`.
    """
    arguments, keywords = applied.arguments, dict(applied.keywords)
    if name not in _POLAR:
        return arguments, keywords
    if "a" in keywords and not arguments:
        arguments = (keywords.pop("a"),)
    if name == "Coherent" and "p" in keywords:
        keywords["phi"] = keywords.pop("p")
    if not (arguments and isinstance(arguments[0], complex)):
        return arguments, keywords
    magnitude, phase = _magnitude_and_phase(arguments[0])
    rest = arguments[1:]
    if name == "DisplacedSqueezed":  # the amplitude, then the squeezing and its phase
        return (magnitude, phase, *rest), keywords
    word = "p" if name == "Squeezed" else "phi"
    turn = rest[0] if rest else keywords.pop(word, _ZERO)
    return (magnitude, phase + real(turn, word, applied), *rest[1:]), keywords


def _magnitude_and_phase(amplitude: complex) -> tuple[Angle, Angle]:
    """Exact in π on the axes."""
    if amplitude.imag == 0:
        return number(abs(amplitude.real)), pi_times(int(amplitude.real < 0))
    if amplitude.real == 0:
        return number(abs(amplitude.imag)), pi_times(1 if amplitude.imag > 0 else -1, 2)
    magnitude, phase = cmath.polar(amplitude)
    return number(magnitude), number(phase)
