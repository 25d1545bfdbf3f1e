"""qcompile: compiled once, called with arrays of angles."""

from __future__ import annotations

from typing import Any

import numpy as np
from programs import program
from workloads import Array, Workload

import qcompile
from peers import Prepared, Setting


def prepare(workload: Workload, setting: Setting) -> Prepared:
    if workload.task == "state":
        state = qcompile.simulate(program(workload), **engine(setting))
        names = ("p",) if workload.parameters else ()
        return Prepared(lambda angles: state(**dict.fromkeys(names, angles)), np.asarray)
    run = qcompile.value_and_grad(program(workload), "adjoint", wrt="p", **engine(setting))
    if not workload.batch:
        return Prepared(run.at, lambda found: np.append(*found))
    rows = np.hstack([np.zeros((workload.batch, workload.parameters)), workload.data()])
    weights = np.full(workload.batch, 1 / workload.batch)

    def call(angles: Array) -> Array:
        rows[:, : workload.parameters] = angles
        values, gradient = run.at(rows, weights)
        return np.append(values.mean(), gradient[: workload.parameters])

    return Prepared(call, lambda found: found)


def engine(setting: Setting) -> Any:
    """The options of the simulator."""
    return {"engine": "fused", "threads": setting.threads, "precision": setting.precision}
