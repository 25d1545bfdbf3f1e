"""Programs as layers of Keras, on TensorFlow: `qcompile.tensorflow.Layer` is a `keras.layers.Layer`."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from qcompile.diagnostics import Code, error
from qcompile.files import parse
from qcompile.grammar import to_text
from qcompile.ir import Program
from qcompile.layers.arguments import fed, shape_of, start_values, trained
from qcompile.layers.evaluator import Evaluator
from qcompile.layers.frameworks import check_backend, missing
from qcompile.layers.inputs import is_by_name
from qcompile.layers.outputs import names_of
from qcompile.layers.split import Split
from qcompile.run import Engine, On

try:
    import keras
    import tensorflow as tf
except ModuleNotFoundError as fault:
    raise missing("tensorflow", fault, ("keras",)) from None

from qcompile.tensorflow.faults import passed_on
from qcompile.tensorflow.operations import Operations
from qcompile.tensorflow.shapes import ALL, checked, side_by_side

Tensor: TypeAlias = Any


@keras.saving.register_keras_serializable(package="qcompile")
class Layer(keras.layers.Layer):
    """A program as a layer: its `param`s are the layer's weights, by name, its `input`s what it is called with.

    Called with one tensor that holds all that is fed in its last axis, or with a mapping of each input by its name (the
    shape of a number being (…), of an array (…, size)), it returns all outputs side by side in the last axis: shape
    (…, width), with a column for each number and for each outcome of probabilities. It computes on the processor. It is
    saved with the model, as the program's text.

    Args:
        program: or its text.
        initial: start values by name; what is not given starts uniformly in ±π, or ±0.1 in programs that hold light.
        seed: of the start values, which else come from Keras's (`keras.utils.set_random_seed`), and of shots.
        method, on, shots: as for `value_and_grad`.
        options: as for `value_and_grad`, and as for any layer of Keras: name, dtype, trainable.

    Raises:
        CompileError: NOT_DIFFERENTIABLE, UNKNOWN_OPTION, UNKNOWN_NAME, BAD_VALUE; when it is called BAD_VALUE,
            UNKNOWN_NAME, UNBOUND, and as `value_and_grad`; when it is exported UNSAYABLE.
    """

    def __init__(
        self,
        program: Program | str,
        initial: Mapping[str, ArrayLike] | None = None,
        seed: int | None = None,
        method: str = "auto",
        on: On = None,
        shots: int | None = None,
        **options: Any,
    ) -> None:
        engine = {key: options.pop(key) for key in list(options) if key in Engine.__annotations__}
        super().__init__(**options)
        check_backend(keras.config.backend(), "qcompile.tensorflow")
        self.program: Program = _parsed(program)
        self._settings: dict[str, Any] = {"method": method, "on": on, "shots": shots, "seed": seed, **engine}
        self._initial = {name: np.asarray(value).tolist() for name, value in (initial or {}).items()}
        self._operations = Operations(Split(Evaluator.of(self.program, **self._settings)))
        self._trained = self._weights_of(start_values(self.program, _drawn(seed), initial))
        self.supports_jit = False  # XLA calls no Python
        self.built = True

    def _weights_of(self, values: Mapping[str, Any]) -> list[Any]:
        """A variable for each trained parameter, in order of declaration."""
        if not keras.backend.is_float_dtype(self.variable_dtype):
            first = trained(self.program)[0]
            label = f"`{first.name}` is trained, and {self.variable_dtype} has no slopes"
            raise error(Code.BAD_VALUE, label, first.span, "give a floating-point dtype")
        given = [(p, keras.initializers.Constant(values[p.name])) for p in trained(self.program)]
        return [self.add_weight(name=p.name, shape=shape_of(p), initializer=value) for p, value in given]

    @property
    def outputs(self) -> dict[str, slice]:
        """The columns of each output, by its text: `expect(H)`."""
        return dict(zip(names_of(self.program), self._operations.split.evaluator.outputs, strict=True))

    def call(self, inputs: Any = None, training: bool | None = None) -> Tensor:
        """The outputs; unless `training` is False, what their gradient would take is kept for a while."""
        with passed_on():
            rows = self._rows(_by_name(inputs))
            return self._operations.values(self._joined(), rows, differentiated=training is not False)

    def get_config(self) -> dict[str, Any]:
        """What the layer is made from again: text, numbers and names."""
        return {**super().get_config(), "program": to_text(self.program), "initial": self._initial, **self._settings}

    def _joined(self) -> Tensor:
        """All weights in one, shape (trained,), in the precision that Keras computes in."""
        given = [tf.convert_to_tensor(weight) for weight in self._trained]
        parts = [each if each.shape.rank else tf.reshape(each, (1,)) for each in given]
        if len(parts) == 1:
            return parts[0]
        return tf.concat(parts, axis=0) if parts else tf.zeros((0,), self.compute_dtype)

    def _rows(self, inputs: Mapping[str, Any]) -> Tensor:
        """All inputs in one, shape (…, entries)."""
        given = checked(fed(self.program), {name: self._real(name, value) for name, value in inputs.items()})
        if ALL in given:
            return given[ALL]
        parts = [given[p.name] if p.size is not None else given[p.name][..., tf.newaxis] for p in fed(self.program)]
        sizes = [len(p.elements()) for p in fed(self.program)]
        return side_by_side(parts, sizes) if parts else tf.zeros((0,), self.compute_dtype)

    def _real(self, name: str, value: Any) -> Tensor:
        tensor = tf.convert_to_tensor(value)
        if tensor.dtype.is_complex:
            what = name if name == ALL else f"`{name}`"
            raise error(Code.BAD_VALUE, f"{what} is complex", help="give real numbers")
        return tf.cast(tensor, self.compute_dtype)

    def _trackable_children(self, save_type: str = "checkpoint", **options: Any) -> dict[str, Any]:
        """What TensorFlow walks when it saves; raises UNSAYABLE for a SavedModel, which has no Python to call."""
        if save_type == "savedmodel":
            label = f"a SavedModel cannot hold the layer `{self.name}`: it calls qcompile, and has no Python"
            raise error(Code.UNSAYABLE, label, help='save the model itself: `model.save("some.keras")`')
        return super()._trackable_children(save_type, **options)


def _parsed(program: Program | str) -> Program:
    """Raises NOT_DIFFERENTIABLE for the text of a derivative."""
    found = parse(program) if isinstance(program, str) else program
    if not isinstance(found, Program):
        raise error(Code.NOT_DIFFERENTIABLE, "a layer is made of a program", help="it makes the derivatives itself")
    return found


def _drawn(seed: int | None) -> int:
    """A number that start values are drawn from, by the generator that Keras seeds where it isn't given."""
    return random.randrange(2**31) if seed is None else seed


def _by_name(inputs: Any) -> dict[str, Any]:
    return dict(inputs or {}) if is_by_name(inputs) else {ALL: inputs}
