"""The methods of `layers.split.Split` as primitives of JAX: one call of the engine each, whatever the transformation.

Of weights and inputs z = (w, x), dots being tangents:

    values(z)              J ż                                J the derivatives of the outputs
    pushforward(z, t)      J ṫ + curvature(z, t, ż)           transposed in t: pullback
    pullback(z, c)         ċ J + second(z, c, ż)              transposed in c: pushforward
    second(z, c, t)        linear in c and t                  transposed in c: curvature, in t: second
    curvature(z, t, u)     linear in t and u                  transposed in either: second

for second derivatives are symmetric; a third is refused. `remembered` are values that leave their states to a pullback,
which takes these values too, so that it comes after them.

They are primitives, not `custom_jvp` over `pure_callback`: both modes follow from one rule, in any order, and rows go
to the engine as NumPy arrays, without a way back into JAX from within its own call.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn, TypeAlias

import jax
import jax.core
import jax.extend.core
import jax.interpreters.ad
import jax.interpreters.batching
import jax.interpreters.mlir
import jax.numpy
import numpy as np

from qcompile.diagnostics import Code, error
from qcompile.layers.mapped import METHODS, W, X, Y, mapped
from qcompile.layers.split import Split

Primitive: TypeAlias = Any
Traced: TypeAlias = Any  # an array, or what stands for one while JAX traces
Tangents: TypeAlias = Sequence[Traced]  # some may be symbolic zeros
Axes: TypeAlias = Sequence[int | None]

# JAX types few of the names that rules are registered by.
ad: Any = jax.interpreters.ad
batching: Any = jax.interpreters.batching
mlir: Any = jax.interpreters.mlir
jnp: Any = jax.numpy


def _primitive(method: str) -> Primitive:
    """A method of `Split`."""
    primitive: Primitive = jax.extend.core.Primitive(f"qcompile_{method}")
    kinds = METHODS[method]
    primitive.multiple_results = True

    def call(split: Split, *arrays: Any) -> tuple[Any, ...]:
        found = getattr(split, method)(*arrays)
        return found if len(kinds.gives) > 1 else (found,)

    def run(*arrays: Traced, split: Split) -> list[Any]:
        return [jnp.asarray(result) for result in call(split, *map(np.asarray, arrays))]

    def shaped(*given: Any, split: Split) -> list[Any]:
        lead, kind = given[1].shape[:-1], given[1].dtype
        shapes = {W: given[0].shape, X: given[1].shape, Y: (*lead, split.evaluator.width)}
        return [jax.core.ShapedArray(shapes[each], kind) for each in kinds.gives]

    def lowered(context: Any, *operands: Any, split: Split) -> Any:
        given, wanted = context.avals_in, context.avals_out
        host, options = partial(call, split), {"has_side_effect": False, "returns_token": False}
        return mlir.emit_python_callback(context, host, None, list(operands), given, wanted, **options)[0]

    def batched(given: Sequence[Traced], axes: Axes, *, split: Split) -> tuple[Any, list[int]]:
        bound = partial(primitive.bind, split=split)
        found = mapped(method, bound, given, axes, partial(jnp.moveaxis, destination=0), jnp.broadcast_to)
        return found, [0] * len(found)

    primitive.def_impl(run)
    primitive.def_abstract_eval(shaped)
    mlir.register_lowering(primitive, lowered)
    batching.primitive_batchers[primitive] = batched
    return primitive


_VALUES = _primitive("values")
_REMEMBERED = _primitive("remembered")
_PUSHFORWARD = _primitive("pushforward")
_PULLBACK = _primitive("pullback")
_SECOND = _primitive("second")
_CURVATURE = _primitive("curvature")


def values(split: Split, weights: Traced, inputs: Traced) -> Traced:
    """The outputs, shape (*lead, width), to be differentiated twice in either mode.

    Args:
        weights: shape (trained,), or (*lead, trained).
        inputs: shape (*lead, fed), of the same type.
    """
    return _VALUES.bind(weights, inputs, split=split)[0]


# ---- tangents. Where no operand has one, JAX calls for no rule.


def _of_values(primals: Sequence[Traced], tangents: Tangents, *, split: Split) -> tuple[Any, Any]:
    chosen = split.by_weights if _are_zero(tangents[1:]) else split.whole
    found = _REMEMBERED.bind(*primals, split=chosen)
    return found, _PUSHFORWARD.bind(*primals, *_filled(tangents), *found, split=chosen)


def _of_pushforward(primals: Sequence[Traced], tangents: Tangents, *, split: Split) -> tuple[Any, Any]:
    z, t, y, dz, dt = primals[:2], primals[2:4], primals[4], tangents[:2], tangents[2:4]
    whole = split if _are_zero(dt[1:]) else split.whole
    along_t = None if _are_zero(dt) else _PUSHFORWARD.bind(*z, *_filled(dt), y, split=whole)
    along_z = None if _are_zero(dz) else _CURVATURE.bind(*z, *t, *_filled(dz), split=split.whole)
    return _PUSHFORWARD.bind(*primals, split=split), _total(along_t, along_z)


def _of_pullback(primals: Sequence[Traced], tangents: Tangents, *, split: Split) -> tuple[Any, Any]:
    z, c, y, dz, dc = primals[:2], primals[2], primals[3], tangents[:2], tangents[2:3]
    along_c = None if _are_zero(dc) else _PULLBACK.bind(*z, *dc, y, split=split)
    along_z = None if _are_zero(dz) else _SECOND.bind(*z, c, *_filled(dz), split=split.whole)
    return _PULLBACK.bind(*primals, split=split), _total(along_c, along_z)


def _of_second(primals: Sequence[Traced], tangents: Tangents, *, split: Split) -> tuple[Any, Any]:
    z, c, t, dc, dt = primals[:2], primals[2], primals[3:], tangents[2:3], tangents[3:]
    if not _are_zero(tangents[:2]):
        _refuse()
    along_c = None if _are_zero(dc) else _SECOND.bind(*z, *dc, *t, split=split)
    along_t = None if _are_zero(dt) else _SECOND.bind(*z, c, *_filled(dt), split=split)
    return _SECOND.bind(*primals, split=split), _total(along_c, along_t)


def _of_curvature(primals: Sequence[Traced], tangents: Tangents, *, split: Split) -> tuple[Any, Any]:
    z, t, u, dt, du = primals[:2], primals[2:4], primals[4:], tangents[2:4], tangents[4:]
    if not _are_zero(tangents[:2]):
        _refuse()
    along_t = None if _are_zero(dt) else _CURVATURE.bind(*z, *_filled(dt), *u, split=split)
    along_u = None if _are_zero(du) else _CURVATURE.bind(*z, *t, *_filled(du), split=split)
    return _CURVATURE.bind(*primals, split=split), _total(along_t, along_u)


def _refuse() -> NoReturn:
    raise error(Code.METHOD, "a function of JAX has no third derivative", help="qc.derivative gives any order")


def _are_zero(tangents: Tangents) -> bool:
    return all(isinstance(tangent, ad.Zero) for tangent in tangents)


def _filled(tangents: Tangents) -> list[Traced]:
    return [ad.instantiate_zeros(tangent) for tangent in tangents]


def _total(one: list[Traced] | None, other: list[Traced] | None) -> list[Traced]:
    if one is None or other is None:
        return (one if other is None else other) or []
    return [a + b for a, b in zip(one, other, strict=True)]


# ---- transposes, of what is linear: nothing flows back to what is not.


def _back_from_pushforward(cotangents: Tangents, *given: Traced, split: Split) -> list[Traced]:
    slopes = _PULLBACK.bind(*given[:2], *_filled(cotangents), given[4], split=split)
    return [None, None, *_to_unknown(given[2:4], slopes), None]


def _back_from_pullback(cotangents: Tangents, *given: Traced, split: Split) -> list[Traced]:
    return [None, None, *_PUSHFORWARD.bind(*given[:2], *_filled(cotangents), given[3], split=split), None]


def _back_from_second(cotangents: Tangents, *given: Traced, split: Split) -> list[Traced]:
    z, c, t, u = given[:2], given[2], given[3:], _filled(cotangents)
    if ad.is_undefined_primal(c):
        return [None, None, *_CURVATURE.bind(*z, *t, *u, split=split), None, None]
    return [None, None, None, *_to_unknown(t, _SECOND.bind(*z, c, *u, split=split))]


def _back_from_curvature(cotangents: Tangents, *given: Traced, split: Split) -> list[Traced]:
    z, t, u, c = given[:2], given[2:4], given[4:], _filled(cotangents)
    if any(map(ad.is_undefined_primal, t)):
        return [None, None, *_to_unknown(t, _SECOND.bind(*z, *c, *u, split=split)), None, None]
    return [None, None, None, None, *_to_unknown(u, _SECOND.bind(*z, *c, *t, split=split))]


def _to_unknown(operands: Sequence[Traced], slopes: Sequence[Traced]) -> list[Traced]:
    """Only what a function is linear in has derivatives here; of a pair one may be known."""
    return [s if ad.is_undefined_primal(o) else None for o, s in zip(operands, slopes, strict=True)]


def _register() -> None:
    ad.primitive_jvps.update(
        {
            _VALUES: _of_values,
            _REMEMBERED: _of_values,
            _PUSHFORWARD: _of_pushforward,
            _PULLBACK: _of_pullback,
            _SECOND: _of_second,
            _CURVATURE: _of_curvature,
        }
    )
    ad.primitive_transposes.update(
        {
            _PUSHFORWARD: _back_from_pushforward,
            _PULLBACK: _back_from_pullback,
            _SECOND: _back_from_second,
            _CURVATURE: _back_from_curvature,
        }
    )


_register()
