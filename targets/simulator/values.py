"""Values of parameters: from names and arrays to one array per parameter element, all of one batch size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.angle import Angle, Element, evaluate
from qcompile.angle import parameter as named
from qcompile.diagnostics import Code, CompileError, Diagnostic, Span, did_you_mean, error
from qcompile.gates.channels import ROUNDING, check_strength
from qcompile.ir import Op, Parameter

RealArray = NDArray[np.float64]
Values = Mapping[str, ArrayLike]
Elements = Mapping[Element, RealArray]


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """The value of every parameter element, each of shape (batch,)."""

    elements: Elements
    batch: int

    def rows(self, rows: NDArray[np.intp]) -> Bound:
        """The bound values of these rows."""
        return Bound({element: value[rows] for element, value in self.elements.items()}, len(rows))


def bind(parameters: Iterable[Parameter], values: Values) -> Bound:
    """Every element's value: scalars come as () or (B,), arrays as (size,) or (B, size); slots default to zero.

    Raises:
        CompileError: UNBOUND, BAD_VALUE, one diagnostic for each parameter at fault.
    """
    declared = {parameter.name: parameter for parameter in parameters}
    faults = [_unknown(name, declared) for name in values if name not in declared]
    given: dict[str, RealArray] = {}
    for parameter in declared.values():
        if parameter.name in values:
            result = _array(parameter, values[parameter.name])
        elif parameter.role == "slot":
            result = np.zeros(() if parameter.size is None else parameter.size)
        else:
            result = _unbound(parameter)
        if isinstance(result, Diagnostic):
            faults.append(result)
        else:
            given[parameter.name] = result
    batches = {name: len(value) for name, value in given.items() if _is_batched(declared[name], value)}
    if len(set(batches.values()) - {1}) > 1:
        sizes = ", ".join(f"{name} has {size}" for name, size in batches.items())
        label = f"batches of different sizes: {sizes}"
        faults.append(Diagnostic(Code.BAD_VALUE, label, help="give one value per row, or one for all rows"))
    if faults:
        raise CompileError(faults)
    batch = max(batches.values(), default=1)
    elements = (pair for name, value in given.items() for pair in _split(declared[name], value, batch))
    return Bound(dict(elements), batch)


def has_batch(parameters: Iterable[Parameter], values: Values) -> bool:
    """Does any value carry a leading batch axis? Ask after `bind` has taken the values."""
    return any(p.name in values and _is_batched(p, np.asarray(values[p.name])) for p in parameters)


def value_of(angle: Angle, elements: Elements, span: Span | None = None) -> RealArray:
    """The angle's value, shape (1,) or (batch,).

    Raises:
        CompileError: BAD_NUMBER.
    """
    with np.errstate(all="ignore"):
        value = np.asarray(evaluate(angle, elements), dtype=float).reshape(-1)
    if not np.isfinite(value).all():
        raise error(Code.BAD_NUMBER, f"`{angle}` is not a finite number here", span, "change the parameter's value")
    return value


def with_strengths(op: Op, elements: Elements) -> tuple[Op, Elements]:
    """The channel with its parameters by the names they have in its word, and their values, in bounds.

    Raises:
        CompileError: BAD_VALUE, where one is out of bounds in some row; BAD_NUMBER.
    """
    found: dict[Element, RealArray] = {}
    for index, (name, bounds) in enumerate(zip(op.gate.parameters, op.gate.bounds, strict=True)):
        value = value_of(op.angles[index], elements, op.span)
        for extreme in (value.min(), value.max()):
            check_strength(op.gate, index, float(extreme), op.span)
        found[Element(name)] = np.clip(value, *bounds)
    return replace(op, angles=tuple(map(named, op.gate.parameters))), found


def mean_photons(op: Op, elements: Elements) -> RealArray:
    """The photon number of a thermal state, zero where rounding takes it below; raises BAD_VALUE, BAD_NUMBER."""
    value = value_of(op.angles[0], elements, op.span)
    if value.min() < -ROUNDING:
        raise error(Code.BAD_VALUE, f"a mean photon number of {value.min():g}", op.span, "give zero or more")
    return np.clip(value, 0.0, None)


def _array(parameter: Parameter, value: ArrayLike) -> RealArray | Diagnostic:
    try:
        array = np.asarray(value)
    except ValueError:
        return _bad(parameter, "its rows differ in length")
    if array.dtype.kind == "c":
        return _bad(parameter, "it is complex")
    if array.dtype.kind not in "iufb":
        return _bad(parameter, "it is not a number")
    dimensions = 0 if parameter.size is None else 1
    if array.ndim not in (dimensions, dimensions + 1) or (dimensions and array.shape[-1] != parameter.size):
        return _bad(parameter, f"its shape is {array.shape}")
    if array.size == 0 and parameter.size != 0:
        return _bad(parameter, "it is empty")
    if not np.isfinite(array).all():
        return _bad(parameter, "it is not finite")
    return array.astype(np.float64)


def _bad(parameter: Parameter, label: str) -> Diagnostic:
    if parameter.size is None:
        shape = "one real number, or an array (batch,)"
    else:
        shape = f"an array ({parameter.size},) of real numbers, or (batch, {parameter.size})"
    return Diagnostic(Code.BAD_VALUE, f"`{parameter.name}`: {label}", parameter.span, f"give {shape}")


def _unbound(parameter: Parameter) -> Diagnostic:
    name, size = parameter.name, parameter.size
    example = "0.1" if size is None else ",".join(["0.1"] * min(size, 3)) + (",…" if size > 3 else "")
    return Diagnostic(
        Code.UNBOUND, f"`{name}` has no value", parameter.span,
        f"set it by `--set {name}={example}`, or as the keyword argument `{name}=…`",
    )  # fmt: skip


def _unknown(name: str, declared: Mapping[str, Parameter]) -> Diagnostic:
    known = ", ".join(f"`{other}`" for other in declared) or "none"
    advice = did_you_mean(name, declared) or f"the program's parameters: {known}"
    return Diagnostic(Code.BAD_VALUE, f"the program has no parameter `{name}`", help=advice)


def _is_batched(parameter: Parameter, value: NDArray[np.generic]) -> bool:
    return value.ndim > (0 if parameter.size is None else 1)


def _split(parameter: Parameter, value: RealArray, batch: int) -> Iterator[tuple[Element, RealArray]]:
    shape = (batch, 1 if parameter.size is None else parameter.size)
    columns = np.broadcast_to(value[:, np.newaxis] if parameter.size is None and value.ndim else value, shape).T
    yield from zip(parameter.elements(), columns, strict=True)
