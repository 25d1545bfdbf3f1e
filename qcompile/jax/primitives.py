"""The methods of an evaluator as primitives of JAX: one call of the engine each, whatever the transformation.

Of values y at x, with the Jacobian J and the second derivatives H, dots being tangents:

    values                y             ẏ = J ẋ
    values_and_jacobian   y, J          ẏ = J ẋ, J̇ = H ẋ
    pushforward           J t           J ṫ + (H t) ẋ         transposed in t: pullback
    pullback              c J           ċ J + second(c, ẋ)    transposed in c: pushforward
    second                c H t         linear in c and in t; transposed in t: itself, since H is symmetric

A third derivative is refused. They are primitives, not `custom_jvp` over `pure_callback`: both modes follow from one
rule, in any order, and rows go to the engine as NumPy arrays, without a way back into JAX from within its own call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.core
import jax.extend.core
import jax.interpreters.ad
import jax.interpreters.batching
import jax.interpreters.mlir
import jax.lax
import jax.numpy
import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.layers.evaluator import Evaluator
from qcompile.layers.rows import by_rows

Primitive: TypeAlias = Any
Traced: TypeAlias = Any  # an array, or what stands for one while JAX traces
Shapes: TypeAlias = Callable[[Evaluator], tuple[tuple[int, ...], ...]]

# JAX types few of the names that rules are registered by.
ad: Any = jax.interpreters.ad
batching: Any = jax.interpreters.batching
mlir: Any = jax.interpreters.mlir
jnp: Any = jax.numpy
lax: Any = jax.lax


def _primitive(name: str, shapes: Shapes) -> Primitive:
    """A method of `Evaluator` on arrays of shape (*lead, columns); `shapes` are its results' after the leading axes."""
    primitive: Primitive = jax.extend.core.Primitive(f"qcompile_{name}")
    primitive.multiple_results = True

    def call(evaluator: Evaluator, *arrays: Any) -> tuple[Any, ...]:
        return by_rows(getattr(evaluator, name), arrays)

    def run(*arrays: Traced, evaluator: Evaluator) -> list[Any]:
        return [jnp.asarray(result) for result in call(evaluator, *map(np.asarray, arrays))]

    def shaped(*given: Any, evaluator: Evaluator) -> list[Any]:
        lead, kind = given[0].shape[:-1], given[0].dtype
        return [jax.core.ShapedArray((*lead, *shape), kind) for shape in shapes(evaluator)]

    def lowered(context: Any, *operands: Any, evaluator: Evaluator) -> Any:
        given, wanted = context.avals_in, context.avals_out
        host, options = partial(call, evaluator), {"has_side_effect": False, "returns_token": False}
        return mlir.emit_python_callback(context, host, None, list(operands), given, wanted, **options)[0]

    def batched(given: Sequence[Traced], axes: Sequence[int | None], *, evaluator: Evaluator) -> tuple[Any, list[int]]:
        size = next(array.shape[axis] for array, axis in zip(given, axes, strict=True) if axis is not None)
        moved = [_in_front(array, axis, size) for array, axis in zip(given, axes, strict=True)]
        results = primitive.bind(*moved, evaluator=evaluator)
        return results, [0] * len(results)

    primitive.def_impl(run)
    primitive.def_abstract_eval(shaped)
    mlir.register_lowering(primitive, lowered)
    batching.primitive_batchers[primitive] = batched
    return primitive


def _in_front(array: Traced, axis: int | None, size: int) -> Traced:
    return jnp.broadcast_to(array, (size, *array.shape)) if axis is None else jnp.moveaxis(array, axis, 0)


def _outputs(evaluator: Evaluator) -> tuple[tuple[int, ...], ...]:
    return ((evaluator.width,),)


def _entries(evaluator: Evaluator) -> tuple[tuple[int, ...], ...]:
    return ((len(evaluator.entries),),)


def _outputs_and_slopes(evaluator: Evaluator) -> tuple[tuple[int, ...], ...]:
    return (evaluator.width,), (evaluator.width, len(evaluator.entries))


_VALUES = _primitive("values", _outputs)
_BOTH = _primitive("values_and_jacobian", _outputs_and_slopes)
_PUSHFORWARD = _primitive("pushforward", _outputs)
_PULLBACK = _primitive("pullback", _entries)
_SECOND = _primitive("second", _entries)


def values(evaluator: Evaluator, x: Traced) -> Traced:
    """The outputs at x of shape (*lead, entries), shape (*lead, width), to be differentiated twice in either mode."""
    return _VALUES.bind(x, evaluator=evaluator)[0]


def _pushforward(evaluator: Evaluator, x: Traced, tangents: Traced) -> Traced:
    return _PUSHFORWARD.bind(x, tangents, evaluator=evaluator)[0]


def _pullback(evaluator: Evaluator, x: Traced, cotangents: Traced) -> Traced:
    return _PULLBACK.bind(x, cotangents, evaluator=evaluator)[0]


def _second(evaluator: Evaluator, x: Traced, cotangents: Traced, tangents: Traced) -> Traced:
    return _SECOND.bind(x, cotangents, tangents, evaluator=evaluator)[0]


def _curvature(evaluator: Evaluator, x: Traced, tangents: Traced) -> Traced:
    """H t by output, shape (*lead, width, entries): one call, with a row for each output."""
    lead, width = x.shape[:-1], evaluator.width
    each = jnp.broadcast_to(jnp.eye(width, dtype=x.dtype), (*lead, width, width))
    wide = [jnp.broadcast_to(array[..., None, :], (*lead, width, array.shape[-1])) for array in (x, tangents)]
    return _second(evaluator, wide[0], each, wide[1])


def _contract(rows: Traced, vector: Traced) -> Traced:
    """Of shapes (*lead, m, n) and (*lead, n) that of shape (*lead, m)."""
    lead = tuple(range(vector.ndim - 1))
    return lax.dot_general(rows, vector, (((rows.ndim - 1,), (vector.ndim - 1,)), (lead, lead)))


# ---- tangents. Where x has none, JAX calls for no rule; other tangents may be symbolic zeros.


def _of_values(primals: Sequence[Traced], tangents: Sequence[Traced], *, evaluator: Evaluator) -> tuple[Any, Any]:
    (x,), (dx,) = primals, tangents
    if evaluator.keeps_jacobian:
        value, jacobian = _BOTH.bind(x, evaluator=evaluator)
        return [value], [_contract(jacobian, dx)]
    return [values(evaluator, x)], [_pushforward(evaluator, x, dx)]


def _of_both(primals: Sequence[Traced], tangents: Sequence[Traced], *, evaluator: Evaluator) -> tuple[Any, Any]:
    (x,), (dx,) = primals, tangents
    value, jacobian = _BOTH.bind(x, evaluator=evaluator)
    return [value, jacobian], [_contract(jacobian, dx), _curvature(evaluator, x, dx)]


def _of_pushforward(primals: Sequence[Traced], tangents: Sequence[Traced], *, evaluator: Evaluator) -> tuple[Any, Any]:
    (x, t), (dx, dt) = primals, tangents
    along_t = None if _is_zero(dt) else _pushforward(evaluator, x, dt)
    along_x = None if _is_zero(dx) else _contract(_curvature(evaluator, x, t), dx)
    return [_pushforward(evaluator, x, t)], [_total(along_t, along_x)]


def _of_pullback(primals: Sequence[Traced], tangents: Sequence[Traced], *, evaluator: Evaluator) -> tuple[Any, Any]:
    (x, c), (dx, dc) = primals, tangents
    along_c = None if _is_zero(dc) else _pullback(evaluator, x, dc)
    along_x = None if _is_zero(dx) else _second(evaluator, x, c, dx)
    return [_pullback(evaluator, x, c)], [_total(along_c, along_x)]


def _of_second(primals: Sequence[Traced], tangents: Sequence[Traced], *, evaluator: Evaluator) -> tuple[Any, Any]:
    (x, c, t), (dx, dc, dt) = primals, tangents
    if not _is_zero(dx):
        raise error(Code.METHOD, "a function of JAX has no third derivative", help="qc.derivative gives any order")
    along_c = None if _is_zero(dc) else _second(evaluator, x, dc, t)
    along_t = None if _is_zero(dt) else _second(evaluator, x, c, dt)
    return [_second(evaluator, x, c, t)], [_total(along_c, along_t)]


def _is_zero(tangent: Traced) -> bool:
    return isinstance(tangent, ad.Zero)


def _total(one: Traced | None, other: Traced | None) -> Traced:
    if one is None or other is None:
        return other if one is None else one
    return one + other


# ---- transposes, of what is linear: nothing flows back to what is not.


def _back_from_pushforward(cotangents: Sequence[Traced], x: Traced, _: Traced, *, evaluator: Evaluator) -> list[Traced]:
    return [None, _pullback(evaluator, x, ad.instantiate_zeros(cotangents[0]))]


def _back_from_pullback(cotangents: Sequence[Traced], x: Traced, _: Traced, *, evaluator: Evaluator) -> list[Traced]:
    return [None, _pushforward(evaluator, x, ad.instantiate_zeros(cotangents[0]))]


def _back_from_second(
    cotangents: Sequence[Traced], x: Traced, c: Traced, t: Traced, *, evaluator: Evaluator
) -> list[Traced]:
    cotangent = ad.instantiate_zeros(cotangents[0])
    if ad.is_undefined_primal(t):
        return [None, None, _second(evaluator, x, c, cotangent)]
    return [None, _contract(_curvature(evaluator, x, t), cotangent), None]


def _register() -> None:
    ad.primitive_jvps.update(
        {
            _VALUES: _of_values,
            _BOTH: _of_both,
            _PUSHFORWARD: _of_pushforward,
            _PULLBACK: _of_pullback,
            _SECOND: _of_second,
        }
    )
    ad.primitive_transposes.update(
        {_PUSHFORWARD: _back_from_pushforward, _PULLBACK: _back_from_pullback, _SECOND: _back_from_second}
    )


_register()
