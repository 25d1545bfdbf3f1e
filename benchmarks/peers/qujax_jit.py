"""qujax: JAX compiles a run of the state vector and its reverse. JAX_ENABLE_X64 sets its precision."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import qujax
from workloads import Array, Workload

from peers import Prepared, Setting
from peers.excitations import rotations

jax: Any = import_module("jax")  # it ships types, which the checkers need not have installed

FIXED = {"h": "H", "x": "X", "cx": "CX", "cz": "CZ"}
PAULI = {
    "X": np.array([[0, 1], [1, 0]], complex),
    "Y": np.array([[0, -1j], [1j, 0]], complex),
    "Z": np.array([[1, 0], [0, -1]], complex),
}


def prepare(workload: Workload, _setting: Setting) -> Prepared:
    state, measured = _state(workload), _expectation(workload)
    rows = jax.numpy.asarray(workload.data()) if workload.batch else None

    def value(angles: Any) -> Any:
        return measured(state(angles))

    def mean(angles: Any) -> Any:
        def one(row: Any) -> Any:
            return value(jax.numpy.concatenate([angles, row]))

        return jax.numpy.mean(jax.vmap(one)(rows))

    compiled = jax.jit(jax.value_and_grad(value if rows is None else mean))
    return Prepared(
        lambda angles: jax.block_until_ready(compiled(jax.numpy.asarray(angles))),
        lambda found: np.concatenate([[found[0]], found[1]]),
    )


def _state(workload: Workload) -> Any:
    """A function of the parameters and then the inputs."""
    gates, wires, slots = list[Any](), list[tuple[int, ...]](), list[list[int]]()
    for gate in workload.gates:
        if gate.name in FIXED:
            gates.append(FIXED[gate.name])
            slots.append([])
        else:
            gates.append(_rotation(rotations(gate)))
            slots.append([gate.parameter if gate.parameter is not None else workload.parameters + (gate.data or 0)])
        wires.append(gate.wires)
    return qujax.get_params_to_statetensor_func(gates, wires, slots, workload.qubits)


def _rotation(words: tuple[tuple[float, str], ...]) -> Any:
    """A function from the angle to the tensor: words that commute, so exponentials one after another."""
    size = len(words[0][1])

    def tensor(angle: Any) -> Any:
        product = jax.numpy.eye(2**size, dtype=complex)
        for factor, word in words:
            half = factor * angle / 2
            product = (
                jax.numpy.cos(half) * jax.numpy.eye(2**size) - 1j * jax.numpy.sin(half) * _matrix(word)
            ) @ product
        return product.reshape((2,) * (2 * size))

    return tensor


def _matrix(word: str) -> Array:
    matrix = np.ones((1, 1), complex)
    for letter in word:
        matrix = np.kron(matrix, PAULI[letter])
    return matrix


def _expectation(workload: Workload) -> Callable[[Any], Any]:
    constant = sum(coefficient for coefficient, word in workload.terms if not word)
    terms = [(coefficient, word) for coefficient, word in workload.terms if word]
    measured: Callable[[Any], Any] = qujax.get_statetensor_to_expectation_func(
        [[letter for letter, _ in word] for _, word in terms],
        [[wire for _, wire in word] for _, word in terms],
        [coefficient for coefficient, _ in terms],
    )

    def value(state: Any) -> Any:
        return constant + measured(state)

    return value
