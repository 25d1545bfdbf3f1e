"""Layers of Keras, held against calls by name, TensorFlow's own checker of gradients, and Hessians."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_calls import Count, arguments_of, rows_of
from layer_programs import PROGRAMS, TWICE
from numpy.typing import NDArray

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.entries import named
from qcompile.layers.arguments import start_values
from qcompile.layers.evaluator import Evaluator

Array = NDArray[Any]
Function = Callable[..., Any]
ALL = pytest.mark.parametrize("program", PROGRAMS, indirect=True)
WITH_SECOND = pytest.mark.parametrize("program", TWICE, indirect=True)
SOME = pytest.mark.parametrize("program", ["shared"], indirect=True)
SEVERAL = pytest.mark.parametrize("program", ["several"], indirect=True)
WITH_HESSIANS = pytest.mark.parametrize("program", ["shared", "bent"], indirect=True)
IN_TRAINING = pytest.mark.parametrize("training", [False, True])
pytestmark = pytest.mark.filterwarnings("ignore::qcompile.LeakageWarning")


def layer_of(program: qc.Program, parameters: Array, **options: Any) -> Any:
    """In double precision, at these values."""
    initial, start = dict[str, Any](), 0
    for p in program.parameters:
        if p.role == "param":
            stop = start + len(p.elements())
            initial[p.name] = parameters[start] if p.size is None else parameters[start:stop]
            start = stop
    return qc.tensorflow.Layer(program, initial, dtype="float64", **options)


def inputs_of(program: qc.Program, inputs: Array) -> Array | None:
    return inputs if any(p.role == "input" for p in program.parameters) else None


@ALL
@IN_TRAINING
def test_values_are_those_of_the_evaluator(program: qc.Program, training: bool, tf: Any) -> None:
    """Would catch weights out of order, leading axes that are lost, and a graph that differs from a call at once."""
    parameters, inputs = arguments_of(program, (2, 3))
    layer, given = layer_of(program, parameters), inputs_of(program, inputs)
    evaluator = Evaluator.of(program)
    expected = evaluator.values(rows_of(evaluator, parameters, inputs if given is not None else inputs[0, 0]))
    for call in (layer, tf.function(layer)):
        found = call(given, training=training)
        assert found.dtype == tf.float64
        assert np.allclose(found, expected.reshape(*inputs.shape[:-1], -1) if given is not None else expected[0])


def gradient_of(layer: Any, tf: Any, training: bool) -> Function:
    """By the weights, and then the inputs, of Σ output² of given weights and inputs."""

    def gradient(inputs: Any, *weights: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([inputs, *weights])
            loss = tf.reduce_sum(called(tf, layer, inputs, weights, training) ** 2)
        return tape.gradient(loss, [inputs, *weights])

    return gradient


def called(tf: Any, layer: Any, inputs: Any, weights: Any, training: bool) -> Any:
    """The layer's operation at other weights than its own, as TensorFlow's checkers want it."""
    fed = tf.convert_to_tensor(inputs)
    joined = tf.concat([tf.reshape(each, (-1,)) for each in weights], axis=0) if weights else tf.zeros(0, fed.dtype)
    return layer._operations.values(joined, fed, differentiated=training)


@ALL
@IN_TRAINING
def test_the_frameworks_own_checker_finds_no_fault(program: qc.Program, training: bool, tf: Any) -> None:
    """Would catch a gradient in the wrong place, or not summed over the rows."""
    parameters, inputs = arguments_of(program, (2,))
    layer = layer_of(program, parameters)
    given = [tf.constant(inputs), *(tf.constant(weight.numpy()) for weight in layer.weights)]

    def function(x: Any, *weights: Any) -> Any:
        return called(tf, layer, x, weights, training)

    numeric, exact = tf.test.compute_gradient(function, given)
    assert max((np.abs(a - b).max(initial=0) for a, b in zip(numeric, exact, strict=True)), default=0) < 1e-5


@WITH_SECOND
@IN_TRAINING
def test_the_frameworks_own_checker_finds_no_fault_in_gradients(program: qc.Program, training: bool, tf: Any) -> None:
    """Would catch a second derivative that is wrong, by weights, inputs or both, or missing: None."""
    parameters, inputs = arguments_of(program, (2,))
    layer = layer_of(program, parameters)
    given = [tf.constant(inputs), *(tf.constant(weight.numpy()) for weight in layer.weights)]
    gradient = gradient_of(layer, tf, training)
    for place in range(len(given)) if inputs.size else range(1, len(given)):

        def function(*tensors: Any, place: int = place) -> Any:
            return gradient(*tensors)[place]

        numeric, exact = tf.test.compute_gradient(function, given)
        assert max(np.abs(a - b).max(initial=0) for a, b in zip(numeric, exact, strict=True)) < 1e-4


@WITH_HESSIANS
@IN_TRAINING
@pytest.mark.parametrize("in_graph", [False, True])
def test_nested_tapes_give_the_hessian(program: qc.Program, training: bool, in_graph: bool, tf: Any) -> None:
    """Would catch a tape that sees no way from the gradient to what it was taken at."""
    parameters, inputs = arguments_of(program)
    layer, given = layer_of(program, parameters), tf.constant(parameters)
    sizes = [p.size or 1 for p in program.parameters if p.role == "param"]

    def hessian(flat: Any) -> Any:
        with tf.GradientTape() as outer:
            outer.watch(flat)
            with tf.GradientTape() as inner:
                inner.watch(flat)
                parts = zip(tf.split(flat, sizes), layer.weights, strict=True)
                value = called(tf, layer, inputs, [tf.reshape(part, weight.shape) for part, weight in parts], training)
            slopes = inner.gradient(value, flat)
        return outer.jacobian(slopes, flat)

    found = (tf.function(hessian) if in_graph else hessian)(given)
    evaluator = Evaluator.of(program)
    names = [p.name for p in program.parameters if p.role == "param"]
    expected = qc.hessian(program, names)(**named(program.parameters, rows_of(evaluator, parameters, inputs)[0]))
    assert np.allclose(found, expected, atol=1e-11)


@pytest.mark.parametrize(
    ("program", "training", "expected"),
    [
        ("shared", True, [("kept", 5), ("pulled", 5)]),
        ("shared", None, [("kept", 5), ("pulled", 5)]),
        ("shared", False, [("values", 5), ("pullback", 5)]),
        ("several", True, [("kept", 5), ("pulled", 5)]),
        ("cut", True, [("values", 5), ("pullback", 5)]),
    ],
    indirect=["program"],
)
@pytest.mark.parametrize("in_graph", [False, True])
def test_a_batch_is_one_call_forward_and_one_backward(
    program: qc.Program, training: bool | None, expected: list[tuple[str, int]], in_graph: bool, count: Count, tf: Any
) -> None:
    """Would catch a call for each row, output or weight, and a graph that is traced again at every step."""
    parameters, inputs = arguments_of(program, (5,))
    layer = layer_of(program, parameters)

    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(inputs, training=training) ** 2)
        return tape.gradient(loss, layer.trainable_weights)

    traced = tf.function(step)
    for _ in range(3):
        (traced if in_graph else step)()
    assert count.calls == 3 * expected
    assert not in_graph or traced.experimental_get_tracing_count() == 1


@SEVERAL
@IN_TRAINING
def test_forward_accumulators_are_right_or_refused(program: qc.Program, training: bool, tf: Any) -> None:
    """Would catch the zeros that TensorFlow takes for tangents of what its graphs call."""
    parameters, inputs = arguments_of(program, (2,))
    layer = layer_of(program, parameters)
    weight = layer.weights[0].value

    def pushed() -> Any:
        with tf.autodiff.ForwardAccumulator(weight, tf.ones_like(weight)) as accumulator:
            found = layer(inputs, training=training)
        return accumulator.jvp(found)

    evaluator = Evaluator.of(program)
    along = np.zeros(len(evaluator.entries))
    along[evaluator.trained] = 1
    expected = evaluator.pushforward(rows_of(evaluator, parameters, inputs), np.tile(along, (2, 1)))
    assert np.allclose(pushed(), expected, atol=1e-11)
    with pytest.raises(Exception, match="take derivatives by GradientTape"):
        tf.function(pushed)()


@SOME
def test_a_third_derivative_is_refused(program: qc.Program, tf: Any) -> None:
    """Would catch a third derivative of zero."""
    parameters, inputs = arguments_of(program)
    layer = layer_of(program, parameters)
    weight = layer.weights[0].value
    with tf.GradientTape() as third:
        third.watch(weight)
        with tf.GradientTape() as second:
            second.watch(weight)
            with tf.GradientTape() as first:
                first.watch(weight)
                value = called(tf, layer, inputs, [weight], training=False)
            slopes = first.gradient(value, weight)
        bent = second.gradient(slopes, weight)
    with pytest.raises(qc.CompileError, match="no third derivative") as caught:
        third.gradient(bent, weight)
    assert caught.value.diagnostics[0].code is Code.METHOD


@SEVERAL
@pytest.mark.usefixtures("tf")
def test_a_model_is_trained_saved_and_loaded(program: qc.Program, tmp_path: Path) -> None:
    """Would catch weights or a program that do not come back, and a model that Keras compiles for XLA."""
    import keras

    keras.utils.set_random_seed(2)
    layer = qc.tensorflow.Layer(program, method="adjoint", threads=1, name="quantum")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2), layer, keras.layers.Dense(1)])
    data = np.random.default_rng(0).normal(size=(40, 4))
    model.compile(keras.optimizers.Adam(0.05), "mse")
    before = layer.get_weights()[0]
    losses = model.fit(data, np.sign(data[:, 0]), batch_size=20, epochs=6, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert not np.allclose(before, layer.get_weights()[0])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(model(data), loaded(data))
    again = loaded.get_layer("quantum")
    assert again.program == program
    assert again.get_config() == layer.get_config()
    model.save_weights(tmp_path / "some.weights.h5")
    copy = keras.models.clone_model(model)
    copy.load_weights(tmp_path / "some.weights.h5")
    assert np.array_equal(copy(data), loaded(data))


@SEVERAL
@pytest.mark.usefixtures("tf")
def test_a_functional_model_knows_its_shapes(program: qc.Program) -> None:
    """Would catch an axis that later layers need and are not told."""
    import keras

    entry = keras.Input((None, 2))
    layer = qc.tensorflow.Layer(program)
    model = keras.Model(entry, keras.layers.Dense(3)(layer(entry)))
    assert layer(entry).shape == (None, None, 8)
    assert model(np.zeros((5, 4, 2))).shape == (5, 4, 3)
    assert len(layer.weights) == 1
    assert layer.outputs == {
        "expect(Z[0])": slice(0, 1),
        "var((a[0])*X[0] + Z[1])": slice(1, 2),
        "probs(q[2], q[0])": slice(2, 6),
        "cov(Z[0], Z[1])": slice(6, 7),
        "expect((w[0])*Y[1])": slice(7, 8),
    }


def test_inputs_by_name_are_those_in_one(tf: Any) -> None:
    """Would catch an input in another's place, and leading axes that are not broadcast."""
    text = (
        "qubit q[2]; input u; input v[2]; ry(u) q[0]; ry(v[0]) q[1]; rx(v[1]) q[0]; return expect(Z[0]), expect(Z[1]);"
    )
    layer = qc.tensorflow.Layer(text, dtype="float64")
    u, v = np.random.default_rng(0).normal(size=3), np.random.default_rng(1).normal(size=(4, 3, 2))
    whole = np.concatenate([np.broadcast_to(u, (4, 3))[..., None], v], axis=-1)
    for call in (layer, tf.function(layer)):
        assert np.array_equal(call({"v": v, "u": u}), layer(whole))
        assert np.array_equal(call({"v": v[0], "u": u}), layer(whole[0]))


@SOME
@pytest.mark.parametrize(
    ("policy", "weights", "results"),
    [("float32", "float32", "float32"), ("float64", "float64", "float64"), ("mixed_bfloat16", "float32", "bfloat16")],
)
def test_results_are_in_the_layers_precision(
    program: qc.Program, policy: str, weights: str, results: str, tf: Any
) -> None:
    """Would catch doubles among a model's single numbers."""
    _, inputs = arguments_of(program, (2,))
    layer = qc.tensorflow.Layer(program, seed=4, dtype=policy)
    assert layer.weights[0].dtype == weights
    assert np.allclose(layer.weights[0], start_values(program, 4)["w"], atol=1e-6)
    with tf.GradientTape() as tape:
        found = layer(inputs, training=True)
    assert found.dtype == results
    assert tape.gradient(found, layer.trainable_weights)[0].dtype == weights


@SOME
@pytest.mark.usefixtures("tf")
def test_start_values_are_drawn_from_the_seed_of_keras(program: qc.Program) -> None:
    """Would catch runs that cannot be repeated."""
    import keras

    drawn = list[Array]()
    for _ in range(2):
        keras.utils.set_random_seed(8)
        drawn += [qc.tensorflow.Layer(program).get_weights()[0] for _ in range(2)]
    assert np.array_equal(drawn[:2], drawn[2:])
    assert not np.allclose(drawn[0], drawn[1])


@SOME
def test_the_method_and_the_shots_reach_the_engine(program: qc.Program, tf: Any) -> None:
    """Would catch settings that a layer does not heed."""
    parameters, inputs = arguments_of(program, (2,))
    shifted = layer_of(program, parameters, method="shift")
    exact = layer_of(program, parameters)
    slopes = list[Any]()
    for layer in (shifted, exact):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(inputs))
        slopes += tape.gradient(loss, layer.trainable_weights)
    assert np.allclose(slopes[0], slopes[1], atol=1e-12)
    drawn = layer_of(program, parameters, shots=100, seed=3)
    evaluator = Evaluator.of(program, shots=100, seed=3)
    assert np.allclose(drawn(inputs), evaluator.values(rows_of(evaluator, parameters, inputs)), atol=1e-12)


@SEVERAL
def test_what_is_wrong_is_named(program: qc.Program, tf: Any) -> None:
    """Would catch an error that leaves the user to guess which parameter it is about."""
    w, a = arguments_of(program)
    layer = layer_of(program, w)
    made = qc.tensorflow.Layer
    derivative = qc.to_text(qc.differentiate(program))
    wrong: list[tuple[Code, str, Callable[[], Any]]] = [
        (Code.UNBOUND, "`a` is not fed", layer),
        (Code.UNKNOWN_NAME, "no input `b`", lambda: layer({"a": a, "b": a})),
        (Code.BAD_VALUE, r"the shape \(1,\)", lambda: layer(a[:1])),
        (Code.BAD_VALUE, r"`a` has the shape \(1,\)", lambda: layer({"a": a[:1]})),
        (Code.BAD_VALUE, r"what is fed is complex", lambda: layer(tf.constant(1j * a))),
        (Code.BAD_VALUE, r"`a\[1\]` is nan", lambda: layer(np.array([0.1, np.nan]))),
        (Code.BAD_VALUE, "`w` is trained, and int32 has no slopes", lambda: made(program, dtype="int32")),
        (Code.BAD_VALUE, "`w` is trained, and int64 has no slopes", lambda: layer_of(program, np.arange(3))),
        (Code.UNKNOWN_NAME, "no trained parameter `v`", lambda: made(program, {"v": 1.0})),
        (Code.NOT_DIFFERENTIABLE, "made of a program", lambda: made(derivative)),
    ]
    for code, message, attempt in wrong:
        with pytest.raises(qc.CompileError, match=message) as caught:
            attempt()
        assert caught.value.diagnostics[0].code is code
    with pytest.raises(tf.errors.UnknownError, match=r"`a\[1\]` is nan"):
        tf.function(layer)(np.array([0.1, np.nan]))
    assert np.array_equal(layer(np.array([1, 0])), layer(np.array([1.0, 0.0])))


@SOME
@pytest.mark.usefixtures("tf")
def test_another_backend_of_keras_is_refused(program: qc.Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a layer that fails somewhere inside Keras."""
    import keras

    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(qc.CompileError, match="Keras runs on jax") as caught:
        qc.tensorflow.Layer(program)
    assert caught.value.diagnostics[0].code is Code.MISSING_CLIENT
