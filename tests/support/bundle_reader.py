"""A bundle in OpenQASM 3 read as hardware would: from the files of its settings and its manifest alone."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from clients import openqasm3_circuit
from outcomes import circuit_branches, distribution, zero_state

from qcompile.targets import Bundle

Runs = list[tuple[dict[str, int], float]]
"""What the cells hold, and how often."""
Sampler = Callable[[int, int, Runs], Runs]
"""From row, place of the setting among its template's, and exact shares to those that were seen."""
FUNCTIONS: dict[str, Any] = vars(math) | {"+": float.__add__, "*": float.__mul__}


class Reader:
    """Runs every setting of every row once, exactly; then estimates as often as wanted."""

    def __init__(self, bundle: Bundle, values: Mapping[str, list[float]]) -> None:
        self.manifest = json.loads(bundle.files["manifest.json"])
        self.known: dict[str, Any] = {part["emitted"]: part["expression"] for part in self.manifest["computed"]}
        for parameter in self.manifest["parameters"]:
            self.known |= dict(zip(parameter["emitted"], values[parameter["name"]], strict=True))
        self.runs: dict[tuple[int, int], Runs] = {}
        for k, row in enumerate(self.manifest["rows"]):
            for place, setting in enumerate(self.settings(k)):
                bound = self.known | row["slots"]
                inputs = {name: self.number(name, bound) for name in names(bundle.files[setting["file"]])}
                self.runs[k, place] = runs_of(bundle.files[setting["file"]], inputs)

    def settings(self, row: int) -> list[Any]:
        return [s for s in self.manifest["settings"] if s["template"] == self.manifest["rows"][row]["template"]]

    def number(self, tree: Any, known: Mapping[str, Any]) -> float:
        tree = known.get(tree, 0.0) if isinstance(tree, str) else tree
        if isinstance(tree, int | float):
            return float(tree)
        if isinstance(tree, str):
            return self.number(tree, known)
        return float(FUNCTIONS[tree[0]](*(self.number(part, known) for part in tree[1:])))

    def components(self, sampler: Sampler = lambda row, place, runs: runs) -> list[Any]:
        """The value of each component, by order."""
        table = {k: self._outputs(k, sampler) for k in range(len(self.manifest["rows"]))}
        found: list[Any] = []
        for part in self.manifest["components"]:
            total: Any = 0.0
            for weight, over, under in part["terms"]:
                factors = [math.prod((table[r][o] for r, o in side), start=np.ones(())) for side in (over, under)]
                total = total + self.number(weight, self.known) * factors[0] / factors[1]
            found.append(total)
        return found

    def _outputs(self, row: int, sampler: Sampler) -> list[Any]:
        outputs = self.manifest["templates"][self.manifest["rows"][row]["template"]]["outputs"]
        means: dict[tuple[int, int], Any] = {}
        for place, setting in enumerate(self.settings(row)):
            runs = sampler(row, place, self.runs[row, place])
            kept = [(bits, share) for bits, share in runs if all(bits[cell] == k for cell, k in setting["kept"])]
            for output, term, sign, places in setting["reads"]:
                whole = runs if outputs[output]["unnormalised"] else kept
                cells = [setting["cells"][k] for k in places]
                total = sum(share * _read(outputs[output], bits, cells, sign) for bits, share in kept)
                means[output, term] = total / sum(share for _, share in whole)
        return [self._output(k, output, means) for k, output in enumerate(outputs)]

    def _output(self, place: int, output: Any, means: Mapping[tuple[int, int], Any]) -> Any:
        if output["kind"] == "probabilities":
            return means[place, 0]
        terms = enumerate(output["terms"])
        return sum(self.number(c, self.known) * means.get((place, k), 1.0) for k, (c, _) in terms)


def _read(output: Any, bits: Mapping[str, int], cells: list[str], sign: int) -> Any:
    if output["kind"] == "expectation":
        return sign * (-1) ** sum(bits[cell] for cell in cells)
    outcome = np.zeros((2,) * len(cells))
    outcome[tuple(bits[cell] for cell in cells)] = 1.0
    return outcome.reshape(-1)


def names(text: str) -> list[str]:
    return [line.split()[2].rstrip(";") for line in text.splitlines() if line.startswith("input float[64]")]


def runs_of(text: str, inputs: Mapping[str, float]) -> Runs:
    """The exact distribution of the bits that Qiskit's circuit measures."""
    circuit = openqasm3_circuit(text, inputs)
    cells = [f"{register.name}[{k}]" for register in circuit.cregs for k in range(register.size)]
    found = distribution(circuit_branches(circuit, zero_state(circuit.num_qubits)))
    return [({cell: int(k in bits) for k, cell in enumerate(cells)}, share) for bits, share in found.items()]
