"""Layers of Keras in models that are built, traced and exported, where little is known of what they will be fed."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.targets.clients.qiskit import Statevector

ONE = "qubit q[2]; input x[2]; param w; ry(x[0]) q[0]; rx(x[1] + w) q[1]; return expect(Z[0]), expect(Z[1]);"
NAMED = "qubit q[2]; input u; input v[2]; ry(u) q[0]; ry(v[0]) q[1]; rx(v[1]) q[0]; return expect(Z[0]), expect(Z[1]);"
DRAWN = "qubit q; input x; ry(x) q; bit_flip(0.2) q; return expect(Z[0]);"


def assert_told(fault: BaseException, message: str) -> None:
    assert isinstance(fault, qc.CompileError)
    assert fault.diagnostics[0].code is Code.BAD_VALUE
    assert message in str(fault)
    assert pickle.loads(pickle.dumps(fault)).diagnostics == fault.diagnostics


def calls(layer: Any, names: list[str], shapes: list[Any], tf: Any) -> Any:
    """The layer in a graph that knows these shapes: by name, or one tensor of all."""

    def call(*tensors: Any) -> Any:
        return layer(dict(zip(names, tensors, strict=True)) if names else tensors[0])

    return tf.function(call, input_signature=[tf.TensorSpec(shape, tf.float64) for shape in shapes])


def sequential(layer: Any, keras: Any) -> None:
    keras.Sequential([keras.Input((4,)), layer])


def functional(layer: Any, keras: Any) -> None:
    layer(keras.Input((4,)))


def unbuilt(layer: Any, keras: Any) -> None:
    keras.Sequential([layer])(np.zeros((3, 4)))


def fitted(layer: Any, keras: Any) -> None:
    model = keras.Sequential([keras.layers.Dense(4), layer])
    model.compile("sgd", "mse")
    model.fit(np.zeros((4, 3)), np.zeros((4, 2)), verbose=0)


def subclassed(layer: Any, keras: Any) -> None:
    class Model(keras.Model):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            return layer(inputs)

    Model()(keras.Input((4,)))


@pytest.mark.usefixtures("tf")
@pytest.mark.parametrize("build", [sequential, functional, unbuilt, fitted, subclassed])
def test_a_wrong_width_is_told_while_a_model_is_built(build: Callable[[Any, Any], None]) -> None:
    """Would catch a fault that Keras makes another of, which says nothing of the program."""
    import keras

    with pytest.raises(qc.CompileError) as caught:
        build(qc.tensorflow.Layer(ONE), keras)
    assert_told(caught.value, "`x` have 2 entries")


@pytest.mark.usefixtures("tf")
def test_faults_of_inputs_by_name_are_told_while_a_model_is_built() -> None:
    """Would catch inputs that are not looked at one by one, and complex ones that are taken for real."""
    import keras

    layer = qc.tensorflow.Layer(NAMED)
    with pytest.raises(qc.CompileError) as caught:
        layer({"u": keras.Input(()), "v": keras.Input((3,))})
    assert_told(caught.value, "`v` has the shape")
    with pytest.raises(qc.CompileError) as caught:
        layer({"u": keras.Input(()), "v": keras.Input((2,), dtype="complex64")})
    assert_told(caught.value, "`v` is complex")


@pytest.mark.usefixtures("tf")
def test_leading_axes_stay_unknown_in_a_model() -> None:
    """Would catch a batch that is fixed while the model is built, and a width that a later layer is not told."""
    import keras

    layer, u, v = qc.tensorflow.Layer(NAMED), keras.Input(()), keras.Input((2,))
    assert layer({"u": keras.Input((1,)), "v": keras.Input((5, 2))}).shape == (None, 5, 2)
    found = layer({"u": u, "v": v})
    assert (found.shape, found.dtype) == ((None, 2), "float32")
    model = keras.Model([u, v], keras.layers.Dense(3)(found))
    model.compile("sgd", "mse")
    given = [np.zeros(4), np.zeros((4, 2))]
    model.fit(given, np.zeros((4, 3)), batch_size=3, verbose=0)
    assert model.predict(given, verbose=0).shape == (4, 3)


@pytest.mark.usefixtures("tf")
def test_a_width_may_be_unknown_while_a_model_is_built() -> None:
    """Would catch a width that Keras invents to build the model with, and that then does not fit."""
    import keras

    entry = keras.Input((None,))
    model = keras.Model(entry, keras.layers.Dense(3)(qc.tensorflow.Layer(ONE)(entry)))
    assert model.output_shape == (None, 3)
    assert model.predict(np.zeros((4, 2)), verbose=0).shape == (4, 3)


def test_unknown_batches_broadcast_by_name(tf: Any) -> None:
    """Would catch two sizes that are taken for equal because neither is known."""
    layer = qc.tensorflow.Layer(NAMED, dtype="float64")
    traced = calls(layer, ["u", "v"], [(None,), (None, 2)], tf)
    for rows in ((1, 5), (5, 1), (4, 4)):
        u, v = tf.constant(np.arange(rows[0], dtype=float)), tf.ones((rows[1], 2), tf.float64)
        assert np.array_equal(traced(u, v), layer({"u": u, "v": v}))
    assert traced.get_concrete_function().output_shapes == (None, 2)


@pytest.mark.parametrize("shape", [None, (None, None), (3, None)])
def test_unknown_sizes_are_checked_when_the_graph_runs(shape: Any, tf: Any) -> None:
    """Would catch what fits refused, and a size that does not fit broadcast into all entries."""
    for text, names, first in ((ONE, [], []), (NAMED, ["u", "v"], [None])):
        layer = qc.tensorflow.Layer(text, dtype="float64")
        traced = calls(layer, names, [*first, shape], tf)
        u, x = [tf.ones(3, tf.float64)] * len(first), tf.constant(np.arange(6.0).reshape(3, 2))
        expected = layer({"u": u[0], "v": x} if names else x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            found = traced(*u, x)
        assert np.array_equal(found, expected)
        assert tape.gradient(found, x).shape == x.shape
        for width in (1, 3):
            with pytest.raises(tf.errors.UnknownError, match=rf"has the shape \(3, {width}\)"):
                traced(*u, tf.ones((3, width), tf.float64))


def test_what_is_known_of_shapes_is_told_while_tracing(tf: Any) -> None:
    """Would catch a fault that waits for the graph to run, and one that AutoGraph hides in an error of its own."""
    layer = qc.tensorflow.Layer(NAMED, dtype="float64")
    wrong: list[tuple[list[Any], str]] = [([None, (None, 3)], "`v` has the shape"), ([None, ()], r"`v` has the shape")]
    for shapes, message in wrong:
        with pytest.raises(qc.CompileError) as caught:
            calls(layer, ["u", "v"], shapes, tf).get_concrete_function()
        assert_told(caught.value, message)
    with pytest.raises(qc.CompileError) as caught:
        tf.function(qc.tensorflow.Layer(ONE))(tf.zeros((1, 3)))
    assert_told(caught.value, "`x` have 2 entries")


@pytest.mark.parametrize("settings", [{"shots": 1000}, {"engine": "trajectories"}])
def test_unseeded_draws_differ_in_a_graph(settings: dict[str, Any], tf: Any) -> None:
    """Would catch draws that TensorFlow folds into a constant, and a seed that is not heeded."""

    def drawn(**options: Any) -> set[float]:
        layer = qc.tensorflow.Layer(DRAWN, **settings, **options)
        traced = tf.function(lambda: layer(tf.constant([[1.2]])))
        return {float(traced()[0, 0]) for _ in range(8)}

    assert len(drawn(seed=1)) == 1
    assert len(drawn()) > 1


def test_a_client_is_asked_at_every_call(tf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a device whose one answer TensorFlow keeps: it draws as many shots as it likes."""
    runs, run = list[int](), Statevector.run

    def counted(self: Statevector, *arguments: Any) -> Any:
        runs.append(1)
        return run(self, *arguments)

    monkeypatch.setattr(Statevector, "run", counted)
    layer = qc.tensorflow.Layer("qubit q; input x; ry(x) q; return expect(Z[0]);", on=Statevector())
    traced = tf.function(lambda: layer(tf.constant([[1.2]])))
    for _ in range(3):
        assert np.allclose(traced(), np.cos(1.2), atol=1e-6)
    assert len(runs) == 3


def test_a_saved_model_is_refused(tmp_path: Path, tf: Any) -> None:
    """Would catch an export that only fails where it is served, and checkpoints refused with it."""
    import keras

    model = keras.Sequential([keras.Input((2,)), qc.tensorflow.Layer(ONE, name="quantum")])
    attempts: list[Callable[[], Any]] = [
        lambda: model.export(tmp_path / "exported", verbose=False),
        lambda: tf.saved_model.save(model, str(tmp_path / "saved")),
    ]
    for attempt in attempts:
        with pytest.raises(qc.CompileError, match="the layer `quantum`") as caught:
            attempt()
        assert caught.value.diagnostics[0].code is Code.UNSAYABLE
    assert tf.train.Checkpoint(model).save(str(tmp_path / "checkpoint"))
