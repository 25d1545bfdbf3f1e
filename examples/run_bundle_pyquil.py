"""Value and gradient of a bundle on pyQuil's simulator: python run_bundle_pyquil.py FOLDER theta=0.2 w=0.1,0.3"""

import json
import math
import sys
from pathlib import Path
from typing import Any

from pyquil import Program, paulis, quilatom, quilbase, simulation

functions: dict[str, Any] = vars(math) | {"+": float.__add__, "*": float.__mul__}


def number(tree: Any, known: dict[str, Any]) -> Any:
    tree = known.get(tree, 0.0) if isinstance(tree, str) else tree  # a slot that a row leaves out is zero
    return float(tree) if isinstance(tree, int | float) else functions[tree[0]](*(number(x, known) for x in tree[1:]))


folder, *words = sys.argv[1:]
manifest = json.loads(Path(folder, "manifest.json").read_text())
given, report, read = dict(word.split("=") for word in words), dict[str, list[float]](), dict[int, Any]()
pairs = [pair for p in manifest["parameters"] for pair in zip(p["emitted"], given[p["name"]].split(","), strict=True)]
known = {part["emitted"]: part["expression"] for part in manifest["computed"]} | {e: float(text) for e, text in pairs}
for key, row in enumerate(manifest["rows"]):
    template, setting = manifest["templates"][row["template"]], known | row["slots"]
    places = [name[:-1].split("[") for name in template["inputs"]]  # par_w[1] has its number at place 1 of par_w
    memory: Any = {quilatom.MemoryReference(name, int(i)): number(f"{name}[{i}]", setting) for name, i in places}
    program: Any = [g for g in Program(Path(folder, template["file"]).read_text()) if isinstance(g, quilbase.Gate)]
    gates = [quilbase.Gate(g.name, [quilatom.substitute(x, memory) for x in g.params], g.qubits) for g in program]
    state = simulation.ReferenceWavefunctionSimulator(manifest["wires"]["count"]).do_program(Program(gates))
    read[key] = list[float]()
    for output in template["outputs"]:
        terms = [paulis.PauliTerm.from_list([*map(tuple, w)], number(c, setting)) for c, w in output["terms"]]
        read[key].append(state.expectation(paulis.PauliSum(terms)).real)
for part in manifest["components"]:
    total = 0.0
    for weight, *sides in part["terms"]:
        over, under = (math.prod(read[r][o] for r, o in side) for side in sides)
        total += number(weight, known) * over / under
    report.setdefault(", ".join(part["wrt"]), []).append(float(total))
print(json.dumps({"value": report.pop("", None), "gradient": report}))
