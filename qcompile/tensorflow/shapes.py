"""Shapes of what a layer is fed, as far as TensorFlow knows them before its graphs run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import tensorflow as tf

from qcompile.ir import Parameter
from qcompile.layers.arguments import shape_of, width_of
from qcompile.layers.inputs import Shape, check_named, check_one

Tensor: TypeAlias = Any
ALL = "what is fed"  # the name of one tensor for all inputs, which no input has


def checked(fed: Sequence[Parameter], given: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """The same tensors: what is known of their shapes is checked now, and the rest when the graph runs.

    Raises:
        CompileError: BAD_VALUE, UNKNOWN_NAME, UNBOUND.
    """
    own = {ALL: (width_of(fed),), **{p.name: shape_of(p) for p in fed}}
    _check(fed, {name: _fitting(value.shape, own.get(name, ())) for name, value in given.items()})
    if all(_is_known(value.shape, own[name]) for name, value in given.items()):
        return given
    names = list(given)

    def check_then(*shapes: Any) -> Any:
        _check(fed, {name: tuple(shape.tolist()) for name, shape in zip(names, shapes, strict=True)})
        return np.True_

    passed = tf.numpy_function(check_then, [tf.shape(value) for value in given.values()], tf.bool)
    with tf.control_dependencies([passed]):
        return {name: tf.identity(value) for name, value in given.items()}


def side_by_side(parts: Sequence[Tensor], sizes: Sequence[int]) -> Tensor:
    """Tensors of shape (…, size) in one, with leading axes that are broadcast where they are not known to be equal."""
    leads = [part.shape[:-1] for part in parts]
    if len(parts) == 1 or all(lead.is_fully_defined() and lead == leads[0] for lead in leads):
        return tf.concat(parts, axis=-1)
    whole = reduce(tf.broadcast_dynamic_shape, [tf.shape(part)[:-1] for part in parts])
    alike = [tf.broadcast_to(part, tf.concat([whole, [n]], axis=0)) for part, n in zip(parts, sizes, strict=True)]
    return tf.concat(alike, axis=-1)


def _check(fed: Sequence[Parameter], shapes: dict[str, Shape]) -> None:
    if ALL in shapes:
        check_one(fed, shapes[ALL])
    else:
        check_named(fed, shapes)


def _fitting(shape: Any, own: Shape) -> Shape:
    """The shape, with what fits in place of what is not known."""
    if shape.rank is None:
        return own
    fits = (*[1] * (shape.rank - len(own)), *own)
    return tuple(size if known is None else known for known, size in zip(shape, fits, strict=False))


def _is_known(shape: Any, own: Shape) -> bool:
    """Whether it fits, whatever the leading axes."""
    return shape.rank is not None and shape[shape.rank - len(own) :].is_fully_defined()
