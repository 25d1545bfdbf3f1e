"""A convolution, a quantum block and a dense layer read digits, in JAX, beside a classical network of the same size.

python examples/jax_digits.py [--steps 600] [--samples 1347] [--seed 0]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import digits
import jax
import jax.flatten_util
import numpy as np

import qcompile as qc

Tree: TypeAlias = Any  # arrays by name
frame: Any = jax
jnp: Any = jax.numpy
ravel: Any = jax.flatten_util.ravel_pytree
RATE, SIZE = 0.02, 32


def start(seed: int, block: Tree) -> Tree:
    """Uniform within one over the root of what each unit reads."""
    random = np.random.default_rng(seed)
    shapes = {"filters": (3, 3, 1, 4), "dense": (36, 4), "offset": (4,), "last": (4, 10), "last_offset": (10,)}
    drawn = {name: random.uniform(-1, 1, shape) / np.prod(shape[:-1]) ** 0.5 for name, shape in shapes.items()}
    return {**drawn, "block": block}


def scores(block: Callable[[Tree, Any], Any], parameters: Tree, images: Any) -> Any:
    layout = ("NHWC", "HWIO", "NHWC")
    filtered = frame.lax.conv_general_dilated(images, parameters["filters"], (2, 2), "VALID", dimension_numbers=layout)
    hidden = frame.nn.relu(filtered).reshape(len(images), -1) @ parameters["dense"] + parameters["offset"]
    return block(parameters["block"], hidden) @ parameters["last"] + parameters["last_offset"]


def train(block: Callable[[Tree, Any], Any], parameters: Tree, data: digits.Digits, options: Any) -> Tree:
    """Minimises the cross entropy with Adam."""

    flat, tree = ravel(parameters)

    def loss(given: Any, images: Any, classes: Any) -> Any:
        found = frame.nn.log_softmax(scores(block, tree(given), images))
        return -found[jnp.arange(len(classes)), classes].mean()

    def step(given: Any, mean: Any, square: Any, count: Any, images: Any, classes: Any) -> tuple[Any, Any, Any]:
        slopes = frame.grad(loss)(given, images, classes)
        mean, square = 0.9 * mean + 0.1 * slopes, 0.999 * square + 0.001 * slopes**2
        rate = RATE * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        return given - rate * mean / (jnp.sqrt(square) + 1e-8), mean, square

    compiled, random = frame.jit(step), np.random.default_rng(options.seed)
    state: tuple[Any, Any, Any] = (flat, jnp.zeros_like(flat), jnp.zeros_like(flat))
    for count in range(options.steps):
        rows = random.choice(min(options.samples, len(data.images)), SIZE, replace=False)
        state = compiled(*state, count + 1.0, data.images[rows], data.classes[rows])
    return tree(state[0])


def tanh(parameters: Tree, x: Any) -> Any:
    """The classical block."""
    return jnp.tanh(x @ parameters["w"])


def main() -> None:
    options = digits.options(__doc__, steps=600)
    data = digits.Digits.of(options.seed)
    quantum = qc.jax.function(digits.block())
    matrix = np.random.default_rng(options.seed).uniform(-0.5, 0.5, (4, 4))
    blocks: dict[str, tuple[Any, Tree]] = {
        "quantum": (quantum, quantum.start(options.seed)),
        "classical": (tanh, {"w": matrix}),
    }
    for name, (block, values) in blocks.items():
        parameters = train(block, start(options.seed, values), data, options)
        size = ravel(parameters)[0].size
        digits.report(name, size, scores(block, parameters, data.test_images), data)


if __name__ == "__main__":
    main()
