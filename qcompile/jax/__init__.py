"""Programs as functions of JAX.

energy = qc.jax.function(program)
value, slopes = jax.jit(jax.value_and_grad(energy))({"theta": 0.2})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, Unpack

import numpy as np
from numpy.typing import ArrayLike

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Parameter, Program
from qcompile.layers.arguments import fed, start_values, trained, width_of
from qcompile.layers.evaluator import Evaluator
from qcompile.layers.frameworks import missing
from qcompile.layers.inputs import is_by_name
from qcompile.layers.outputs import names_of
from qcompile.layers.split import Split
from qcompile.run import Engine, On

try:
    import jax.numpy

    from qcompile.jax.primitives import values
except ModuleNotFoundError as fault:
    raise missing("jax", fault) from None

jnp: Any = jax.numpy
Given: TypeAlias = Any  # an array, or a mapping of arrays by name; or what stands for them while JAX traces


def function(
    program: Program,
    method: str = "auto",
    on: On = None,
    shots: int | None = None,
    seed: int | None = None,
    **options: Unpack[Engine],
) -> Function:
    """A function of the parameters, and of the inputs where the program has any, to what the program returns.

    It works under jit, vmap, grad, jacfwd, jacrev, jvp, vjp and hessian, to second order, as exactly as the method is.
    Of a batch, mapped or given in leading axes, it makes one call of the engine. Results are in the precision of what
    is given.

    Args:
        method, on, shots, seed, options: as for `value_and_grad`; shots without a seed are drawn anew at every call.

    Raises:
        CompileError: as `value_and_grad`.
    """
    return Function(Split(Evaluator.of(program, method, on, shots=shots, seed=seed, **options)))


@dataclass(frozen=True, eq=False)
class Function:
    """A program, compiled, that JAX calls and transforms."""

    split: Split

    def __call__(self, parameters: Given = None, inputs: Given = None) -> Any:
        """What the program returns: of one number shape (*lead,), else all outputs side by side, (*lead, width).

        Args:
            parameters: the `param`s by name, of shape (*lead,) or (*lead, size) each, or all their entries in order of
                declaration in one array of shape (*lead, entries). Leading axes broadcast.
            inputs: the same of the `input`s.

        Raises:
            CompileError: UNBOUND, UNKNOWN_NAME, BAD_VALUE.
        """
        evaluator = self.split.evaluator
        weights = _side_by_side(_pieces(trained(evaluator.program), parameters, "parameters"))
        rows = _side_by_side(_pieces(fed(evaluator.program), inputs, "inputs"))
        found = values(self.split, *_in_one_type(*_led(weights, rows)))
        return found[..., 0] if evaluator.width == 1 else found

    def start(self, seed: int = 0, initial: Mapping[str, ArrayLike] | None = None) -> dict[str, Any]:
        """Parameters to start training from: those given, the others drawn from the seed as for any framework's layer.

        Raises:
            CompileError: UNKNOWN_NAME, BAD_VALUE.
        """
        found = start_values(self.split.evaluator.program, seed, initial)
        return {name: jnp.asarray(value) for name, value in found.items()}

    @property
    def outputs(self) -> dict[str, slice]:
        """The columns of each output, by its text: `expect(H)`."""
        evaluator = self.split.evaluator
        return dict(zip(names_of(evaluator.program), evaluator.outputs, strict=True))


def _pieces(wanted: Sequence[Parameter], given: Given, what: str) -> list[Any]:
    """Of each parameter, shape (*lead, entries)."""
    if given is None and wanted:
        raise error(Code.UNBOUND, f"no value for `{wanted[0].name}`", wanted[0].span, f"give the {what}")
    if is_by_name(given):
        return _by_name(wanted, given or {}, what)
    array, count = jnp.asarray(given), width_of(wanted)
    if array.ndim == 0 or array.shape[-1] != count:
        raise error(Code.BAD_VALUE, f"{what} of shape {array.shape}", help=f"give (…, {count}), or a mapping by name")
    return [_floating(wanted[0], array)] if wanted else [array]


def _by_name(wanted: Sequence[Parameter], given: Mapping[str, Any], what: str) -> list[Any]:
    names = [p.name for p in wanted]
    for name in given:
        if name not in names:
            raise error(Code.UNKNOWN_NAME, f"none of the {what} is `{name}`", help=did_you_mean(name, names))
    for p in wanted:
        if p.name not in given:
            raise error(Code.UNBOUND, f"no value for `{p.name}`", p.span, f"give it with the {what}")
    return [_piece(p, jnp.asarray(given[p.name])) for p in wanted]


def _piece(parameter: Parameter, array: Any) -> Any:
    """Of one parameter, shape (*lead, entries); raises BAD_VALUE."""
    if parameter.size is not None and array.shape[-1:] != (parameter.size,):
        label = f"`{parameter.name}` has the shape {array.shape}"
        raise error(Code.BAD_VALUE, label, parameter.span, f"give (…, {parameter.size})")
    return _floating(parameter, array if parameter.size is not None else array[..., np.newaxis])


def _floating(parameter: Parameter, array: Any) -> Any:
    """Inputs may be integers, which become numbers of JAX's own precision; what is trained may not."""
    if jnp.issubdtype(array.dtype, jnp.floating):
        return array
    name, kind = parameter.name, array.dtype
    if jnp.issubdtype(kind, jnp.complexfloating):
        raise error(Code.BAD_VALUE, f"`{name}` is of {kind}", parameter.span, "give real numbers")
    if parameter.role == "param":
        label, advice = f"`{name}` is trained, and {kind} has no slopes", "give floating-point numbers"
        raise error(Code.BAD_VALUE, label, parameter.span, advice)
    return array.astype(float)


def _side_by_side(pieces: Sequence[Any]) -> Any:
    """Shape (*lead, entries), leading axes broadcast."""
    if not pieces:
        return jnp.zeros((0,), jnp.int8)  # a type that gives way to any other
    lead = jnp.broadcast_shapes(*(piece.shape[:-1] for piece in pieces))
    return jnp.concatenate([jnp.broadcast_to(piece, (*lead, piece.shape[-1])) for piece in pieces], axis=-1)


def _led(weights: Any, rows: Any) -> tuple[Any, Any]:
    """In the same leading axes, but for weights that have none: these are the same in all rows."""
    if weights.ndim == 1:
        return weights, rows
    lead = jnp.broadcast_shapes(weights.shape[:-1], rows.shape[:-1])
    return tuple(jnp.broadcast_to(each, (*lead, each.shape[-1])) for each in (weights, rows))


def _in_one_type(*arrays: Any) -> list[Any]:
    kind = jnp.result_type(*arrays)
    return [array.astype(kind if jnp.issubdtype(kind, jnp.floating) else float) for array in arrays]
