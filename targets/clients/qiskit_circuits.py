"""A bundle's texts as Qiskit's circuits, and what its primitives take and return (pubs and their data)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from qcompile.targets.bundle import Bundle
from qcompile.targets.clients.points import Points, Record, manifest_of
from qcompile.targets.clients.tally import Seen, bits_read
from qcompile.targets.clients.words import Sum, sums_of
from qcompile.targets.simulator.values import RealArray


@dataclass(frozen=True, eq=False)
class Circuit:
    """One file, loaded.

    Attributes:
        circuit: as it runs; its parameters are bound by name.
        wires: of the program before it was laid out on a device.
        layout: where on the device its qubits are; None where they were left in place.
        late: may its parameters be bound when it runs? Else circuits with numbers are submitted.
    """

    circuit: Any
    wires: int
    layout: Any
    late: bool

    @property
    def names(self) -> list[str]:
        return [parameter.name for parameter in self.circuit.parameters]

    @cached_property
    def observables(self) -> dict[tuple[Sum, ...], Any]:
        """Those without inputs in their coefficients, as the estimator takes them."""
        return {}


def load(bundle: Bundle, pass_manager: Any, dropped: Sequence[str]) -> Mapping[str, Circuit]:
    """The circuit of each file.

    Args:
        pass_manager: brings circuits to what a backend runs; None leaves them.
        dropped: gates that are decomposed, since parameters bound at run time get lost in them.
    """
    manifest = manifest_of(bundle)
    names = [part["file"] for part in (*manifest["templates"], *manifest["settings"]) if part["file"] is not None]
    qasm3 = importlib.import_module("qiskit.qasm3")
    read = [qasm3.loads(bundle.files[name]) for name in names]
    laid = pass_manager.run(read) if pass_manager is not None and read else read
    whole = [circuit.decompose(list(dropped)) if dropped else circuit for circuit in laid]
    return {
        name: Circuit(made, first.num_qubits, placed.layout, not (dropped and _has_branches(made)))
        for name, first, placed, made in zip(names, read, laid, whole, strict=True)
    }


def _has_branches(circuit: Any) -> bool:
    """Inside of which `decompose` leaves gates alone."""
    return any(instruction.is_control_flow() for instruction in circuit.data)


def estimator_pub(circuit: Circuit, points: Points) -> Any | None:
    """Circuit, observables (sums, 1) or (sums, points), and parameters (points, names); None without sums."""
    sums = tuple(sums_of(points.template))
    if not sums:
        return None
    if all(each.is_constant for each in sums):
        if sums not in circuit.observables:
            circuit.observables[sums] = _observables(circuit, sums, points, 1)
        observables = circuit.observables[sums]
    else:
        observables = _observables(circuit, sums, points, points.count)
    if not circuit.names:
        return circuit.circuit, observables
    return circuit.circuit, observables, {tuple(circuit.names): points.inputs(circuit.names)}


def _observables(circuit: Circuit, sums: Sequence[Sum], points: Points, count: int) -> Any:
    pauli = importlib.import_module("qiskit.quantum_info").SparsePauliOp
    table: list[list[Any]] = []
    for each in sums:
        weights = each.coefficients(points)
        words = [("".join(a for a, _ in word), [wire for _, wire in word]) for _, word in each.terms]
        columns = np.broadcast_to(weights, (len(words), count)).T
        table.append([
            pauli.from_sparse_list([(*word, c) for word, c in zip(words, column, strict=True)], circuit.wires)
            for column in columns
        ])  # fmt: skip
    if circuit.layout is not None:
        table = [[each.apply_layout(circuit.layout, circuit.circuit.num_qubits) for each in row] for row in table]
    return importlib.import_module("qiskit.primitives.containers.observables_array").ObservablesArray(table)


def sampler_pubs(circuit: Circuit, points: Points) -> list[Any]:
    """One pub for all points, or one for each where nothing is bound as it runs."""
    names = circuit.names
    table = points.inputs(names)
    if names and circuit.late:
        return [(circuit.circuit, {tuple(names): table})]
    bound = (circuit.circuit.assign_parameters(dict(zip(names, row, strict=True))) for row in table)
    return [(each,) for each in bound] if names else [(circuit.circuit,)] * points.count


def bits_of(setting: Record, template: Record, results: Sequence[Any]) -> Seen:
    """What the runs left in the setting's cells, from the results of its pubs."""
    return {
        cell: np.concatenate([_column(result.data, cell) for result in results])
        for cell in bits_read(setting, template)
    }


def _column(data: Any, cell: str) -> RealArray:
    """Shape (points of the pub, shots)."""
    register, _, place = cell.rstrip("]").partition("[")
    bits = data[register].to_bool_array(order="little")[..., int(place)]
    found: RealArray = bits.reshape(-1, bits.shape[-1])
    return found


def pieces(counts: Sequence[int]) -> Iterator[slice]:
    """Where each group begins and ends in a list of all of them."""
    first = 0
    for count in counts:
        yield slice(first, first + count)
        first += count
