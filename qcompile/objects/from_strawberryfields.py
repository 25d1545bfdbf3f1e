"""A program of Strawberry Fields as a program here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from qcompile.angle import Angle, number, pi_times
from qcompile.diagnostics import Code, CompileError, Source, error, warn
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.blackbird import circuit, values
from qcompile.grammar.blackbird.operations import Step, steps
from qcompile.grammar.blackbird.signatures import Applied, Argument
from qcompile.grammar.blackbird.values import Array, NotRealError, Scalar
from qcompile.grammar.checks import MAX_OPS
from qcompile.grammar.scope import TooManyFaultsError
from qcompile.ir import Program
from qcompile.ir.verify import verify
from qcompile.targets.strawberryfields_import import import_strawberryfields

MAX_DEPTH = 80  # of an expression
_FUNCTIONS = {
    "sin": "sin", "cos": "cos", "tan": "tan", "exp": "exp", "log": "log", "sinh": "sinh", "cosh": "cosh",
    "tanh": "tanh", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh",
}  # fmt: skip
_ATTRIBUTES: Mapping[str, tuple[str, ...]] = {  # what an operation keeps beside its parameters and changes what it does
    "MeasureFock": ("select", "dark_counts"), "MeasureHomodyne": ("select",), "MeasureHeterodyne": ("select",),
    "GaussianTransform": ("vacuum",),
}  # fmt: skip
_NO_TEXT = Source("<Strawberry Fields program>", "")


def from_strawberryfields(program: Any) -> Program:
    """The same circuit; free parameters are trained, and what is measured is returned as samples.

    Args:
        program: a `strawberryfields.Program`.

    Raises:
        CompileError: MISSING_CLIENT, WRONG_TYPE, and everything of the program that cannot be read.

    Warns:
        CompileWarning: DROPPED for run options, ROUNDED for matrices that are unitary to their own digits.
    """
    sf: Any = import_strawberryfields()
    if isinstance(program, sf.TDMProgram):
        advice = "unroll it, and hand over the program that `compile` gives"
        raise error(Code.OUT_OF_REACH, "programs in time bins are not read", help=advice)
    if not isinstance(program, sf.Program):
        label = f"a {type(program).__name__} is no Strawberry Fields program"
        raise error(Code.WRONG_TYPE, label, help="hand over a `strawberryfields.Program`")
    if program.run_options.get("shots") is not None:
        warn(Code.DROPPED, "`shots` is no part of a program here", help="say it when the program runs: `shots=…`")
    walk = _Walk(Assembly(_NO_TEXT))
    try:
        made = circuit.program(walk.steps(program.circuit), int(program.init_num_subsystems), walk.assembly)
    except TooManyFaultsError:
        raise walk.assembly.faults.raised() from None
    verify(made)
    return made


@dataclass(slots=True)
class _Walk:
    """The free parameters met so far."""

    assembly: Assembly
    parameters: dict[str, Angle] = field(default_factory=dict[str, Angle])

    def steps(self, commands: Iterable[Any]) -> list[Step]:
        """The steps of all commands; each fault is noted and the next command is read."""
        made: list[Step] = []
        for command in commands:
            try:
                made += self._command(command)
            except CompileError as fault:
                self.assembly.faults.add(fault.diagnostics)
            if len(made) > MAX_OPS:
                raise error(Code.TOO_LARGE, f"the program has more than {MAX_OPS} operations", help="split it")
        return made

    def _command(self, command: Any) -> list[Step]:
        op = command.op
        name = type(op).__name__.replace("_Delete", "Del").replace("_New_modes", "New")
        modes = tuple(int(reg.ind) for reg in command.reg)
        if name == "Ggate":
            return self._gaussian_gate(op, modes)
        if name in ("GraphEmbed", "BipartiteGraphEmbed"):
            return [step for part in op.decompose(command.reg) for step in self._command(part)]
        keywords: dict[str, Argument] = {
            attribute: self._attribute(getattr(op, attribute)) for attribute in _ATTRIBUTES.get(name, ())
        }
        arguments = () if name == "Fouriergate" else tuple(self._argument(value, name) for value in op.p)
        inverse = bool(getattr(op, "dagger", False))
        return steps(Applied(name, modes, arguments, keywords, inverse=inverse))

    def _gaussian_gate(self, op: Any, modes: tuple[int, ...]) -> list[Step]:
        """A symplectic matrix and a displacement."""
        matrix, moves = self._argument(op.p[0], "Ggate"), np.asarray(op.p[1], dtype=float)
        made = steps(Applied("GaussianTransform", modes, (matrix,)))
        for name, part in (("Xgate", moves[: len(modes)]), ("Zgate", moves[len(modes) :])):
            for mode, move in zip(modes, part, strict=True):
                made += steps(Applied(name, (mode,), (number(float(move)),))) if move else []
        return made

    def _attribute(self, value: Any) -> Argument:
        return value if value is None or isinstance(value, bool) else str(value)

    def _argument(self, value: Any, name: str) -> Argument:
        if isinstance(value, np.ndarray) and value.ndim:
            rows: NDArray[Any] = np.atleast_2d(cast("NDArray[Any]", value))
            return Array(tuple(tuple(self._scalar(entry, name) for entry in row) for row in rows))
        if isinstance(value, str | bool) or value is None:
            return value
        return self._scalar(value, name)

    def _scalar(self, value: Any, name: str) -> Scalar:
        try:
            found = self._expression(value) if hasattr(value, "free_symbols") else _plain(value)
            if values.is_finite(found):
                return found
            raise OverflowError
        except (ArithmeticError, ValueError):
            label = f"an argument of `{name}` has no finite value: {str(value)[:80]}"
            raise error(Code.BAD_NUMBER, label, help="angles are finite numbers") from None
        except NotRealError:
            label = f"an argument of `{name}` mixes complex numbers with parameters: {str(value)[:80]}"
            raise error(Code.OUT_OF_REACH, label, help="give magnitude and phase as two arguments") from None
        except TypeError:
            label = f"an argument of `{name}` cannot be read: {str(value)[:80]}"
            raise error(Code.OUT_OF_REACH, label, help="numbers, parameters and their functions can") from None

    def _expression(self, value: Any, depth: int = 0) -> Scalar:
        """A SymPy expression; raises TypeError for what has no counterpart."""
        if depth > MAX_DEPTH:
            raise error(Code.TOO_DEEP, "an argument nests too deeply", help="take parts out of it")
        kind = type(value).__name__
        if kind == "MeasuredParameter":
            return values.result(int(value.regref.ind))
        if kind == "FreeParameter":
            if value.name not in self.parameters:
                self.parameters[value.name] = self.assembly.parameter(str(value.name), None, "param", None)[0]
            return self.parameters[value.name]
        parts = [self._expression(part, depth + 1) for part in value.args]
        match kind:
            case "Add":
                return reduce(values.added, parts)
            case "Mul":
                return reduce(values.multiplied, parts)
            case "Pow":
                return _power(parts[0], parts[1])
            case "Pi":
                return pi_times(1)
            case "ImaginaryUnit":
                return 1j
            case _ if kind.lower() in _FUNCTIONS and len(parts) == 1:
                return values.applied(_FUNCTIONS[kind.lower()], parts[0])
            case _:
                if parts or not value.is_number:
                    raise TypeError(kind)
                return _plain(value)


def _power(base: Scalar, exponent: Scalar) -> Scalar:
    """SymPy writes quotients and square roots as powers."""
    if exponent == number(-1.0):
        return values.divided(number(1.0), base)
    if exponent == number(0.5):
        return values.applied("sqrt", base)
    return values.raised(base, exponent)


def _plain(value: Any) -> Scalar:
    """A number of Python, NumPy or SymPy; raises TypeError for what is none."""
    found = complex(value)
    return found if found.imag or isinstance(value, complex | np.complexfloating) else number(found.real)
