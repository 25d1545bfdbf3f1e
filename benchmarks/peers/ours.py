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
    data = {"x": workload.data()} if workload.batch else {}

    def call(angles: Array) -> Array:
        value, gradient = run(p=angles, **data)
        both = np.concatenate([np.asarray(value)[..., None], gradient["p"]], axis=-1)
        return both.mean(axis=0) if workload.batch else both

    return Prepared(call, lambda found: found)


def engine(setting: Setting) -> Any:
    """The options of the simulator, which has one thread and double precision."""
    if setting != Setting(1, "double"):
        raise ValueError(f"the simulator has one thread and double precision, and {setting} is asked for")
    return {}
