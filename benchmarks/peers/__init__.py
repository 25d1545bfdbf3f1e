"""The libraries that the benchmarks compare, one module each, all with the same face.

`prepare(workload, setting)` does what is done once; what it gives is called with new angles in every training step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from workloads import Array, Workload


@dataclass(frozen=True, slots=True)
class Setting:
    threads: int
    precision: str  # of the amplitudes: "double" or "single"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A function of the angles, shape (parameters,), and how to read what it gives.

    Read: the value and then the gradient, shape (1 + parameters,); of a state its amplitudes, shape (2 ** qubits,).
    """

    call: Callable[[Array], Any]
    read: Callable[[Any], Array]


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to use a library. `prepare` is named as module:function, so that no process imports two libraries."""

    name: str
    tasks: tuple[str, ...]
    where: str
    precisions: tuple[str, ...] = ("double",)

    def prepare(self, workload: Workload, setting: Setting) -> Prepared:
        module, function = self.where.split(":")
        prepared: Prepared = getattr(import_module(f"peers.{module}"), function)(workload, setting)
        return prepared


OURS = "qcompile"
BOTH = ("double", "single")
PEERS = (
    Peer(OURS, ("gradient", "batch", "state"), "ours:prepare", BOTH),
    Peer("Qulacs", ("gradient", "batch", "state"), "qulacs_backprop:prepare"),
    Peer("Lightning", ("gradient", "batch", "state"), "lightning:as_called", BOTH),
    Peer("Lightning engine", ("gradient", "state"), "lightning:engine_only", BOTH),
    Peer("Catalyst", ("gradient",), "catalyst_adjoint:gradient"),
    Peer("Catalyst, loop of gradients", ("batch",), "catalyst_adjoint:loop_of_gradients"),
    Peer("Catalyst, vmap of gradients", ("batch",), "catalyst_adjoint:mapped_gradients"),
    Peer("qujax", ("gradient", "batch"), "qujax_jit:prepare"),
    Peer("qsim", ("state",), "qsim_state:as_called", ("single",)),
    Peer("qsim engine", ("state",), "qsim_state:engine_only", ("single",)),
    Peer("Aer", ("state",), "aer_state:prepare", BOTH),
)


def peer(name: str) -> Peer:
    return next(peer for peer in PEERS if peer.name == name)
