"""The same training in PyTorch, TensorFlow and JAX: same seed, same data, the same losses and gradients."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from layer_calls import arguments_of
from numpy.typing import NDArray

import qcompile as qc
from qcompile.layers.evaluator import Evaluator

Array = NDArray[Any]
Step = Callable[[], tuple[float, Array]]  # the loss and its gradient by `w`, which is then descended
STEPS, RATE, ROWS, SEED = 20, 0.05, 6, 11
pytestmark = pytest.mark.filterwarnings("ignore::qcompile.LeakageWarning")


class Task:
    """Outputs, read by fixed weights, are to come near a function of what is fed."""

    def __init__(self, program: qc.Program) -> None:
        self.program = program
        _, self.data = arguments_of(program, (ROWS,))
        self.reads = np.random.default_rng(1).normal(size=Evaluator.of(program).width)
        self.wanted = np.sin(np.arange(ROWS))


def in_torch(task: Task) -> Step:
    import torch

    frame: Any = torch
    default = frame.get_default_dtype()
    frame.set_default_dtype(frame.float64)
    layer: Any = qc.torch.Layer(task.program, seed=SEED)
    frame.set_default_dtype(default)
    data, reads, wanted = map(frame.tensor, (task.data, task.reads, task.wanted))
    optimizer = frame.optim.SGD(layer.parameters(), lr=RATE)

    def step() -> tuple[float, Array]:
        optimizer.zero_grad()
        loss = ((layer(data) @ reads - wanted) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss.item(), layer.w.grad.numpy().copy()

    return step


def in_tensorflow(task: Task) -> Step:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    layer = qc.tensorflow.Layer(task.program, seed=SEED, dtype="float64")
    reads = tf.constant(task.reads)

    def descended() -> Any:
        with tf.GradientTape() as tape:
            found = tf.linalg.matvec(layer(task.data, training=True), reads)
            loss = tf.reduce_mean((found - task.wanted) ** 2)
        return loss, tape.gradient(loss, layer.trainable_weights)[0]

    graph = tf.function(descended)

    def step() -> tuple[float, Array]:
        loss, slopes = graph()
        layer.weights[0].assign_sub(RATE * slopes)
        return float(loss), slopes.numpy()

    return step


def in_jax(task: Task) -> Step:
    import jax

    frame: Any = jax
    function = qc.jax.function(task.program)
    state = function.start(SEED)
    width = function.split.evaluator.width

    def loss(parameters: Any) -> Any:
        found = function(parameters, task.data).reshape(ROWS, width)
        return ((found @ task.reads - task.wanted) ** 2).mean()

    both = frame.jit(frame.value_and_grad(loss))

    def step() -> tuple[float, Array]:
        value, slopes = both(state)
        state["w"] = state["w"] - RATE * slopes["w"]
        return float(value), np.array(slopes["w"])

    return step


@pytest.mark.parametrize("program", ["shared", "several", "noisy", "gaussian"], indirect=True)
def test_twenty_steps_are_the_same(program: qc.Program) -> None:
    """Would catch a framework with start values, a scale, an order of columns or a precision of its own."""
    import jax

    configuration: Any = jax.config
    configuration.update("jax_enable_x64", True)
    try:
        steps = [make(Task(program)) for make in (in_torch, in_tensorflow, in_jax)]
        runs = [[step() for _ in range(STEPS)] for step in steps]
    finally:
        configuration.update("jax_enable_x64", False)
    first, *others = runs
    assert first[-1][0] < first[0][0]
    for other in others:
        for (loss, slopes), (found, found_slopes) in zip(first, other, strict=True):
            assert abs(loss - found) < 1e-10
            assert np.abs(slopes - found_slopes).max() < 1e-10
