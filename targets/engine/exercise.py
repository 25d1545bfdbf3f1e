"""A run that meets every kernel, so that all of them are compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from qcompile.angle import Element, number, parameter
from qcompile.gates import TABLE
from qcompile.ir import Expectation, Observable, Op, Parameter, Program, Register, Row
from qcompile.operator import operator
from qcompile.targets.engine.driver import LANES, Machine
from qcompile.targets.engine.plan import planned
from qcompile.targets.engine.rows import Settings, run_settings
from qcompile.targets.simulator.options import Precision

_BITS = 6


def exercise(kernels: Any, precision: Precision) -> None:
    """Calls what Python calls, whole and in parts."""
    angle = parameter("a")
    body = (Op(TABLE["ry"], (0,), (angle,)), Op(TABLE["rxx"], (0, 5), (angle,)))
    output = Expectation(Observable(operator((1.0, "Z0"))))
    program = Program((Register("q", "qubit", _BITS),), (Parameter("a"),), (), body, (output,))
    plan = planned(program, {Element("a")}, _BITS - 1)
    if plan is None:
        raise AssertionError("the engine takes this program")
    one_row = Settings.of(plan, [Row(0, ((Element("a"), number(0.1)),))])
    for threads in (1, 2):
        machine = Machine(kernels, plan, precision, threads)
        packed = machine.with_coefficients(np.ones((1, 1)))
        varies, values = np.zeros(len(packed.blocks), np.int64), np.zeros(LANES)
        weight, room = np.ones(LANES, machine.dtype), machine.take()
        kernels.interleave(room.ket, room.bra, 0, 1)
        kernels.value_and_gradient(
            packed, varies, plan.until, values[:1], np.zeros(1, np.int64), values[:1], weight, np.zeros(1), room
        )
        machine.values_and_gradients(packed, varies, values[np.newaxis], weight[np.newaxis], summed=False)
        machine.forward(packed, varies, values, room)
        machine.observe(packed, 0, weight, np.zeros(LANES), room)
        run_settings(machine, packed, values, one_row, np.ones(2), 1)
        machine.backward(packed, varies, np.zeros(LANES), room)
