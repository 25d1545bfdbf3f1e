"""The engines beside the dense and the Gaussian one, and when `auto` takes one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from qcompile.ir import Program
from qcompile.targets.simulator import density, mps, stabilizer, trajectories
from qcompile.targets.simulator.estimates import Shots
from qcompile.targets.simulator.options import Options
from qcompile.targets.simulator.result import Result
from qcompile.targets.simulator.values import Bound

Runner: TypeAlias = Callable[[Program, Bound, Options, Shots | None], Result]

WIDE = 20  # qubits

RUNNERS: Mapping[str, Runner] = {
    "density": lambda program, bound, options, shots: density.run(program, bound, shots),
    "trajectories": lambda program, bound, options, shots: trajectories.run(program, bound, shots),
    "mps": lambda program, bound, options, shots: mps.run(program, bound, shots, options.bond),
    "stabilizer": lambda program, bound, options, shots: stabilizer.run(program, bound, shots),
}


def runner_of(program: Program, bound: Bound, options: Options) -> Runner | None:
    """The engine that was asked for, or that `auto` takes; None for the dense one."""
    if options.engine != "auto":
        return RUNNERS.get(options.engine)
    if density.is_cheaper(program):
        return RUNNERS["density"]
    if is_wide(program) and stabilizer.covers(program, bound):
        return RUNNERS["stabilizer"]
    return None


def is_wide(program: Program) -> bool:
    """Has it more qubits than a state vector is quick with?"""
    return sum(register.length for register in program.registers if register.is_quantum) > WIDE
