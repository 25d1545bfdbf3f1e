"""qcompile: compiled once, called with arrays of angles."""

from __future__ import annotations

import numpy as np
from peers import Prepared, Setting
from programs import program
from workloads import Array, Workload

import qcompile


def prepare(workload: Workload, setting: Setting) -> Prepared:
    if workload.task == "state":
        state = qcompile.simulate(program(workload))
        names = ("p",) if workload.parameters else ()
        return Prepared(lambda angles: state(**dict.fromkeys(names, angles)), np.asarray)
    run = qcompile.value_and_grad(program(workload), "adjoint", wrt="p")
    data = {"x": workload.data()} if workload.batch else {}

    def call(angles: Array) -> Array:
        value, gradient = run(p=angles, **data)
        both = np.concatenate([np.asarray(value)[..., None], gradient["p"]], axis=-1)
        return both.mean(axis=0) if workload.batch else both

    return Prepared(call, lambda found: found)
