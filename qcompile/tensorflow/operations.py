"""The methods of an evaluator as TensorFlow operations: one call of the engine each, eager and in graphs.

Each has its own gradient, made of the others. Of the parts a, cotangents c, and tangents t, with cotangents of the
results in the second column:

    values(a)            c     pullback(a, c)
    pullback(a, c)       t     by a: second(a, c, t)       by c: pushforward(a, t)
    pushforward(a, t)    c     by a: second(a, c, t)       by t: pullback(a, c)
    second(a, c, t)      u     by c: curvature(a, t, u)    by t: second(a, c, u), second derivatives being symmetric

A third derivative is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import tensorflow as tf

from qcompile.diagnostics import Code, error
from qcompile.layers.parts import Parts

Tensor: TypeAlias = Any

_BACKWARDS_ONLY = "qcompile.tensorflow: in a tf.function take derivatives by GradientTape, not by ForwardAccumulator"


@dataclass(frozen=True, eq=False)
class Operations:
    """A program as a differentiable operation on its parts, which are tensors of one type."""

    parts: Parts

    def values(self, *given: Tensor, with_jacobian: bool) -> Tensor:
        """The outputs, shape (*lead, width).

        Args:
            with_jacobian: is the gradient wanted afterwards? Then it takes no further call.
        """
        at_once = with_jacobian and self.parts.evaluator.keeps_jacobian
        return self._values_and_jacobian(*given) if at_once else self._values(*given)

    @tf.custom_gradient
    def _values(self, *given: Tensor) -> Any:
        def gradient(cotangents: Tensor) -> Any:
            return self._pullback(*given, cotangents)

        return self._call("values", given, [self._outputs(given)])[0], gradient

    @tf.custom_gradient
    def _values_and_jacobian(self, *given: Tensor) -> Any:
        outputs = self._outputs(given)
        slopes = outputs.concatenate(len(self.parts.evaluator.entries))
        found, jacobian = self._call("values_and_jacobian", given, [outputs, slopes])

        def gradient(cotangents: Tensor) -> Any:
            return self._contraction(*given, cotangents, jacobian)

        return found, gradient

    @tf.custom_gradient
    def _pullback(self, *given: Tensor) -> Any:
        def gradient(*along: Tensor) -> Any:
            return self._of_pullback(given, along)

        return self._call("pullback", given, self._shapes(given)), gradient

    @tf.custom_gradient
    def _contraction(self, *given: Tensor) -> Any:
        """The pullback by the Jacobian that is kept, which is not what it depends on: its parts are."""

        def gradient(*along: Tensor) -> Any:
            return *self._of_pullback(given[:-1], along), None

        return self._call("contraction", given, self._shapes(given)), gradient

    def _of_pullback(self, given: Sequence[Tensor], along: Sequence[Tensor]) -> tuple[Tensor, ...]:
        parts = given[: self.parts.count]
        return (*self._second(*given, *along), self._pushforward(*parts, *along))

    @tf.custom_gradient
    def _pushforward(self, *given: Tensor) -> Any:
        parts, tangents = given[: self.parts.count], given[self.parts.count :]

        def gradient(cotangents: Tensor) -> Any:
            return *self._second(*parts, cotangents, *tangents), *self._pullback(*parts, cotangents)

        return self._call("pushforward", given, [self._outputs(parts)])[0], gradient

    def _second(self, *given: Tensor) -> Any:
        count = self.parts.count
        return self._second_of_constants(*map(_no_further, given[:count]), *given[count:])

    @tf.custom_gradient
    def _second_of_constants(self, *given: Tensor) -> Any:
        count = self.parts.count
        parts, cotangents, tangents = given[:count], given[count], given[count + 1 :]
        found = self._call("second", given, self._shapes(given))

        def gradient(*along: Tensor) -> tuple[Tensor, ...]:
            nothing = map(tf.zeros_like, parts)
            return (*nothing, self._curvature(*parts, *tangents, *along), *self._second(*parts, cotangents, *along))

        return found, gradient

    def _curvature(self, *given: Tensor) -> Tensor:
        return self._call("curvature", list(map(_no_further, given)), [self._outputs(given[: self.parts.count])])[0]

    def _call(self, method: str, given: Sequence[Tensor], shapes: Sequence[Any]) -> Any:
        """One call of the engine: at once, or in a graph as an operation of the host."""
        function, kind = getattr(self.parts, method), given[0].dtype
        if tf.executing_eagerly():
            return [tf.convert_to_tensor(each) for each in function(*(tensor.numpy() for tensor in given))]
        # Forward accumulators that trace look for derivatives within custom gradients, and would find 0 here.
        guarded = [tf.raw_ops.PreventGradient(input=tensor, message=_BACKWARDS_ONLY) for tensor in given]
        found = tf.numpy_function(function, guarded, [kind] * len(shapes), stateful=False)
        for tensor, shape in zip(found, shapes, strict=True):
            tensor.set_shape(shape)
        return found

    def _outputs(self, parts: Sequence[Tensor]) -> Any:
        return parts[-1].shape[:-1].concatenate(self.parts.evaluator.width)

    def _shapes(self, given: Sequence[Tensor]) -> list[Any]:
        return [part.shape for part in given[: self.parts.count]]


@tf.custom_gradient
def _no_further(tensor: Tensor) -> Any:
    """The tensor, by which no derivative is taken."""

    def refuse(*_: Tensor) -> Any:
        raise error(Code.METHOD, "a layer of TensorFlow has no third derivative", help="qc.derivative gives any order")

    return tf.identity(tensor), refuse
