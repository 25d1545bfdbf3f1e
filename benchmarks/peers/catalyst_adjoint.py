"""Catalyst: the whole of value and gradient compiled, Lightning's adjoint method inside.

A mean over inputs can be said in three ways, and each is measured.
"""

from __future__ import annotations

from typing import Any

import catalyst
import jax.numpy as jnp
import numpy as np
import pennylane as qml
from peers import Prepared, Setting
from peers.lightning import apply, observable
from workloads import Array, Workload


def gradient(workload: Workload, setting: Setting) -> Prepared:
    compiled = qml.qjit(catalyst.value_and_grad(_circuit(workload), argnums=0))
    row = jnp.zeros(0)
    return _prepared(lambda angles: compiled(angles, row))


def loop_of_gradients(workload: Workload, setting: Setting) -> Prepared:
    """The gradient inside the loop: the circuit is swept back once a row."""
    slopes, count = catalyst.value_and_grad(_circuit(workload), argnums=0), workload.batch

    def mean(angles: Any, rows: Any) -> Any:
        @catalyst.for_loop(0, count, 1)
        def loop(k: Any, value: Any, gradient: Any) -> Any:
            one, found = slopes(angles, rows[k])
            return value + one, gradient + found

        value, gradient = loop(0.0, jnp.zeros(workload.parameters))
        return value / count, gradient / count

    return _batch(workload, qml.qjit(mean))


def gradient_of_loop(workload: Workload, setting: Setting) -> Prepared:
    """The loop inside the gradient."""
    value, count = _circuit(workload), workload.batch

    def mean(angles: Any, rows: Any) -> Any:
        @catalyst.for_loop(0, count, 1)
        def loop(k: Any, total: Any) -> Any:
            return total + value(angles, rows[k])

        return loop(0.0) / count

    return _batch(workload, qml.qjit(catalyst.value_and_grad(mean, argnums=0)))


def vectorised(workload: Workload, setting: Setting) -> Prepared:
    """Catalyst's own vmap over the rows."""
    mapped = catalyst.vmap(_circuit(workload), in_axes=(None, 0))

    def mean(angles: Any, rows: Any) -> Any:
        return jnp.mean(mapped(angles, rows))

    return _batch(workload, qml.qjit(catalyst.value_and_grad(mean, argnums=0)))


def _circuit(workload: Workload) -> Any:
    measured = observable(workload)

    @qml.qnode(qml.device("lightning.qubit", wires=workload.qubits), diff_method="adjoint")
    def value(angles: Any, row: Any) -> Any:
        apply(workload.gates, angles, row)
        return qml.expval(measured)

    return value


def _batch(workload: Workload, compiled: Any) -> Prepared:
    rows = jnp.asarray(workload.data())
    return _prepared(lambda angles: compiled(angles, rows))


def _prepared(compiled: Any) -> Prepared:
    def call(angles: Array) -> Any:
        value, gradient = compiled(jnp.asarray(angles))
        return np.asarray(value), np.asarray(gradient)  # waits for the result

    return Prepared(call, lambda found: np.concatenate([np.ravel(found[0]), np.ravel(found[1])]))
