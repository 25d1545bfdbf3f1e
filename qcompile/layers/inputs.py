"""What a layer is fed, and what of it is wrong, told of each input by its name and whatever the framework."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from qcompile.diagnostics import Code, CompileError, Diagnostic, did_you_mean, error
from qcompile.ir import Parameter
from qcompile.layers.arguments import shape_of, width_of

Shape = tuple[int, ...]


def check_one(fed: Sequence[Parameter], shape: Sequence[int]) -> None:
    """One array for all that is fed, its entries in the last axis; raises BAD_VALUE."""
    count, names = width_of(fed), ", ".join(f"`{p.name}`" for p in fed)
    if not fed:
        raise error(
            Code.BAD_VALUE, "the program has no input, and something is fed", help="call the layer with nothing"
        )
    if not shape or shape[-1] != count:
        label = f"what is fed has the shape {tuple(shape)}, and {names} have {count} entries"
        raise error(Code.BAD_VALUE, label, fed[0].span, f"give (…, {count}), or each input by its name")


def check_named(fed: Sequence[Parameter], shapes: dict[str, Shape]) -> Shape:
    """Each input by its name, with any leading axes; the shape that these come to together.

    Raises:
        CompileError: UNKNOWN_NAME, UNBOUND, BAD_VALUE, one diagnostic for each fault.
    """
    faults = [*_unknown([p.name for p in fed], shapes), *(fault for p in fed for fault in _at_fault(p, shapes))]
    if faults:
        raise CompileError(faults)
    leading = {p.name: shapes[p.name][: len(shapes[p.name]) - len(shape_of(p))] for p in fed}
    try:
        return broadcast(list(leading.values()))
    except ValueError:
        given = ", ".join(f"`{name}` {shape}" for name, shape in leading.items())
        raise error(Code.BAD_VALUE, f"leading axes that do not fit: {given}", help="give axes that broadcast") from None


def is_by_name(given: object) -> bool:
    """A mapping, or nothing: else it is one array of all."""
    return given is None or isinstance(given, Mapping)


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """By NumPy's rule; raises ValueError."""
    import numpy as np

    return np.broadcast_shapes(*shapes)


def _unknown(names: Sequence[str], given: Collection[str]) -> list[Diagnostic]:
    advice = f"the program's inputs: {', '.join(f'`{name}`' for name in names) or 'none'}"
    return [
        Diagnostic(Code.UNKNOWN_NAME, f"the program has no input `{name}`", help=did_you_mean(name, names) or advice)
        for name in given
        if name not in names
    ]


def _at_fault(parameter: Parameter, shapes: dict[str, Shape]) -> list[Diagnostic]:
    name, own = parameter.name, shape_of(parameter)
    if name not in shapes:
        return [Diagnostic(Code.UNBOUND, f"`{name}` is not fed", parameter.span, f"give it by its name: `{name}=…`")]
    shape = shapes[name]
    if shape[len(shape) - len(own) :] == own:
        return []
    wanted = f"(…, {own[0]})"
    return [Diagnostic(Code.BAD_VALUE, f"`{name}` has the shape {shape}", parameter.span, f"give {wanted}")]
