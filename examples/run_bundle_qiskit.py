"""Value and gradient of a bundle on Qiskit: python run_bundle_qiskit.py FOLDER [--aer] theta=0.2 w=0.1,0.3"""

import json
import math
import sys
from pathlib import Path
from typing import Any

from qiskit import primitives, qasm3, quantum_info
from qiskit_aer.primitives import EstimatorV2

functions: dict[str, Any] = vars(math) | {"+": float.__add__, "*": float.__mul__}


def number(tree: Any, known: dict[str, Any]) -> Any:
    tree = known.get(tree, 0.0) if isinstance(tree, str) else tree  # a slot that a row leaves out is zero
    return float(tree) if isinstance(tree, int | float) else functions[tree[0]](*(number(x, known) for x in tree[1:]))


folder, *words = (word for word in sys.argv[1:] if word != "--aer")
manifest = json.loads(Path(folder, "manifest.json").read_text())
given, report, read = dict(word.split("=") for word in words), dict[str, list[float]](), dict[int, Any]()
pairs = [pair for p in manifest["parameters"] for pair in zip(p["emitted"], given[p["name"]].split(","), strict=True)]
known = {part["emitted"]: part["expression"] for part in manifest["computed"]} | {e: float(text) for e, text in pairs}
estimator = EstimatorV2() if "--aer" in sys.argv else primitives.StatevectorEstimator()
for index, template in enumerate(manifest["templates"]):
    observables, circuit = list[Any](), qasm3.loads(Path(folder, template["file"]).read_text())
    circuit = circuit.decompose(["crx", "cry", "crz", "cp"])  # whose bound parameters Aer 0.18 drops
    rows = {key: known | row["slots"] for key, row in enumerate(manifest["rows"]) if row["template"] == index}
    for output in template["outputs"]:  # whose coefficients may hold slots, which the rows set
        terms = [("".join(a for a, _ in word), [q for _, q in word], c) for c, word in output["terms"]]
        each = ([(word, on, number(c, row)) for word, on, c in terms] for row in rows.values())
        observables.append([quantum_info.SparsePauliOp.from_sparse_list(t, circuit.num_qubits) for t in each])
    bound = {p.name: [number(p.name, row) for row in rows.values()] for p in circuit.parameters}  # all rows at once
    read |= zip(rows, estimator.run([(circuit, observables, bound)], precision=0.0).result()[0].data.evs.T, strict=True)
for part in manifest["components"]:
    total = 0.0
    for weight, *sides in part["terms"]:
        over, under = (math.prod(read[r][o] for r, o in side) for side in sides)
        total += number(weight, known) * over / under
    report.setdefault(", ".join(part["wrt"]), []).append(float(total))
print(json.dumps({"value": report.pop("", None), "gradient": report}))
