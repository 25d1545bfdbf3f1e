"""Catalyst: the whole of value and gradient compiled, Lightning's adjoint method inside.

The mean over inputs is said in two ways, and each is measured. The gradient of a loop over them, or of their vmap, does
not compile: Catalyst 0.15 ends with a failed assertion.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import catalyst
import numpy as np
import pennylane as qml
from workloads import Array, Workload

from peers import Prepared, Setting
from peers.lightning import apply, observable

jax: Any = import_module("jax")  # it ships types, which the checkers need not have installed


def gradient(workload: Workload, _setting: Setting) -> Prepared:
    compiled = qml.qjit(catalyst.value_and_grad(_circuit(workload), argnums=0))
    row = jax.numpy.zeros(0)
    return _prepared(lambda angles: compiled(angles, row))


def loop_of_gradients(workload: Workload, _setting: Setting) -> Prepared:
    """The gradient inside the loop: the circuit is swept back once a row."""
    slopes, count = catalyst.value_and_grad(_circuit(workload), argnums=0), workload.batch

    def mean(angles: Any, rows: Any) -> Any:
        def add(k: Any, value: Any, gradient: Any) -> Any:
            one, found = slopes(angles, rows[k])
            return value + one, gradient + found

        value, gradient = catalyst.for_loop(0, count, 1)(add)(0.0, jax.numpy.zeros(workload.parameters))
        return value / count, gradient / count

    return _batch(workload, mean)


def mapped_gradients(workload: Workload, _setting: Setting) -> Prepared:
    """The gradient inside Catalyst's own vmap over the rows."""
    slopes = catalyst.value_and_grad(_circuit(workload), argnums=0)
    mapped = catalyst.vmap(slopes, in_axes=(None, 0))

    def mean(angles: Any, rows: Any) -> Any:
        values, gradients = mapped(angles, rows)
        return jax.numpy.mean(values), jax.numpy.mean(gradients, axis=0)

    return _batch(workload, mean)


def _circuit(workload: Workload) -> Any:
    measured = observable(workload)

    def value(angles: Any, row: Any) -> Any:
        apply(workload.gates, angles, row)
        return qml.expval(measured)

    return qml.QNode(value, qml.device("lightning.qubit", wires=workload.qubits), diff_method="adjoint")


def _batch(workload: Workload, mean: Any) -> Prepared:
    compiled, rows = qml.qjit(mean), jax.numpy.asarray(workload.data())
    return _prepared(lambda angles: compiled(angles, rows))


def _prepared(compiled: Callable[[Any], Any]) -> Prepared:
    def call(angles: Array) -> Any:
        value, gradient = compiled(jax.numpy.asarray(angles))
        return np.asarray(value), np.asarray(gradient)  # waits for the result

    return Prepared(call, lambda found: np.concatenate([np.ravel(found[0]), np.ravel(found[1])]))
