"""The methods of `layers.split.Split` as TensorFlow operations: one call of the engine each, eager and in graphs.

Each has its own gradient, made of the others. Of weights and inputs z, cotangents c, and tangents t, with cotangents of
the results in the second column:

    values(z)               c     pullback(z, c)
    pullback(z, c)          t     by z: second(z, c, t)       by c: pushforward(z, t)
    pushforward(z, t)       c     by z: second(z, c, t)       by t: pullback(z, c)
    second(z, c, t)         u     by c: curvature(z, t, u)    by t: second(z, c, u), second derivatives being symmetric

A third derivative is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import tensorflow as tf

from qcompile.diagnostics import Code, error
from qcompile.layers.split import Split

Tensor: TypeAlias = Any

_BACKWARDS_ONLY = "qcompile.tensorflow: in a tf.function take derivatives by GradientTape, not by ForwardAccumulator"


@dataclass(frozen=True, eq=False)
class Operations:
    """A program as a differentiable operation on its weights, shape (trained,), and inputs, shape (*lead, fed)."""

    split: Split

    def values(self, *z: Tensor, differentiated: bool) -> Tensor:
        """The outputs, shape (*lead, width).

        Args:
            differentiated: may the gradient be wanted afterwards? Then the states are kept for it.
        """
        return self._remembered(*z) if differentiated else self._values(*z)

    @tf.custom_gradient
    def _values(self, *z: Tensor) -> Any:
        return self._values_by("values", z)

    @tf.custom_gradient
    def _remembered(self, *z: Tensor) -> Any:
        return self._values_by("remembered", z)

    def _values_by(self, method: str, z: Sequence[Tensor]) -> Any:
        found = self._call(method, z, [self._outputs(z)])[0]

        def gradient(cotangents: Tensor) -> Any:
            return self._pullback(*z, cotangents, found)

        return found, gradient

    @tf.custom_gradient
    def _pullback(self, *given: Tensor) -> Any:
        """Where it takes the values too, last, it waits for them: what these keep is there by then."""
        z, cotangents, found = given[:2], given[2], given[3:]

        def gradient(*along: Tensor) -> Any:
            return *self._second(*z, cotangents, *along), self._pushforward(*z, *along), *(None for _ in found)

        return self._call("pullback", given, [each.shape for each in z]), gradient

    @tf.custom_gradient
    def _pushforward(self, *given: Tensor) -> Any:
        z, tangents = given[:2], given[2:]

        def gradient(cotangents: Tensor) -> Any:
            return *self._second(*z, cotangents, *tangents), *self._pullback(*z, cotangents)

        return self._call("pushforward", given, [self._outputs(z)])[0], gradient

    def _second(self, *given: Tensor) -> Any:
        return self._second_of_constants(*map(_no_further, given[:2]), *given[2:])

    @tf.custom_gradient
    def _second_of_constants(self, *given: Tensor) -> Any:
        z, cotangents, tangents = given[:2], given[2], given[3:]
        found = self._call("second", given, [each.shape for each in z])

        def gradient(*along: Tensor) -> tuple[Tensor, ...]:
            nothing = map(tf.zeros_like, z)
            return (*nothing, self._curvature(*z, *tangents, *along), *self._second(*z, cotangents, *along))

        return found, gradient

    def _curvature(self, *given: Tensor) -> Tensor:
        return self._call("curvature", list(map(_no_further, given)), [self._outputs(given)])[0]

    def _call(self, method: str, given: Sequence[Tensor], shapes: Sequence[Any]) -> Any:
        """One call of the engine: at once, or in a graph as an operation of the host."""
        function, kind = getattr(self.split, method), given[0].dtype
        if tf.executing_eagerly():
            found = function(*(tensor.numpy() for tensor in given))
            return [tf.convert_to_tensor(each) for each in (found if len(shapes) > 1 else [found])]
        # Forward accumulators that trace look for derivatives within custom gradients, and would find 0 here.
        guarded = [tf.raw_ops.PreventGradient(input=tensor, message=_BACKWARDS_ONLY) for tensor in given]
        kinds = [kind] * len(shapes) if len(shapes) > 1 else kind
        found = tf.numpy_function(function, guarded, kinds, stateful=self._draws)
        results = found if len(shapes) > 1 else [found]
        for tensor, shape in zip(results, shapes, strict=True):
            tensor.set_shape(shape)
        return results

    @property
    def _draws(self) -> bool:
        """May equal calls differ? TensorFlow makes one of them, or a constant, if it takes them for equal."""
        evaluator = self.split.evaluator
        return evaluator.options.seed is None and (evaluator.options.runs is not None or evaluator.on is not None)

    def _outputs(self, z: Sequence[Tensor]) -> Any:
        return z[1].shape[:-1].concatenate(self.split.evaluator.width)


@tf.custom_gradient
def _no_further(tensor: Tensor) -> Any:
    """The tensor, by which no derivative is taken."""

    def refuse(*_: Tensor) -> Any:
        raise error(Code.METHOD, "a layer of TensorFlow has no third derivative", help="qc.derivative gives any order")

    return tf.identity(tensor), refuse
