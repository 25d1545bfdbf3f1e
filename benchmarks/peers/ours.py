"""qcompile: compiled once, called with all angles in one array."""

from __future__ import annotations

from typing import Any

import numpy as np
from programs import program
from workloads import Array, Workload

import qcompile
from peers import Prepared, Setting


def prepare(workload: Workload, setting: Setting) -> Prepared:
    options: Any = {"threads": setting.threads, "precision": setting.precision}
    if workload.task == "state":
        state = qcompile.simulate(program(workload), **options)
        names = ("p",) if workload.parameters else ()
        return Prepared(lambda angles: state(**dict.fromkeys(names, angles)), np.asarray)
    run = qcompile.value_and_grad(program(workload), "adjoint", wrt="p", **options)
    if workload.task == "gradient":
        return Prepared(run.at, lambda found: np.concatenate([[found[0]], found[1]]))
    rows = np.concatenate([np.zeros((workload.batch, workload.parameters)), workload.data()], axis=1)
    weights = np.full(workload.batch, 1 / workload.batch)

    def mean(angles: Array) -> Any:
        rows[:, : workload.parameters] = angles
        return run.at(rows, weights)

    return Prepared(mean, lambda found: np.concatenate([[found[0] @ weights], found[1][: workload.parameters]]))
