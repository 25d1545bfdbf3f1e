"""Value and gradient of a bundle on Strawberry Fields: python run_bundle_strawberryfields.py FOLDER [cutoff=9] r=0.1"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import scipy.integrate

setattr(scipy.integrate, "simps", scipy.integrate.simpson)  # noqa: B010 - two names that Strawberry Fields 0.23 needs
vars(sys)["modules"].setdefault("pkg_resources", type("stub", (), {"resource_filename": str.__add__}))
import strawberryfields as sf  # noqa: E402

functions: dict[str, Any] = vars(math) | {"+": float.__add__, "*": float.__mul__}


def number(tree: Any, known: dict[str, Any]) -> Any:
    tree = known.get(tree, 0.0) if isinstance(tree, str) else tree  # a slot that a row leaves out is zero
    return float(tree) if isinstance(tree, int | float) else functions[tree[0]](*(number(x, known) for x in tree[1:]))


manifest = json.loads(Path(sys.argv[1], "manifest.json").read_text())
given, report, read = dict(word.split("=") for word in sys.argv[2:]), dict[str, list[float]](), dict[int, Any]()
pairs = [pair for p in manifest["parameters"] for pair in zip(p["emitted"], given[p["name"]].split(","), strict=True)]
known = {part["emitted"]: part["expression"] for part in manifest["computed"]} | {e: float(text) for e, text in pairs}
backend = "fock" if "cutoff" in given else "gaussian"
for key, row in enumerate(manifest["rows"]):
    template, setting = manifest["templates"][row["template"]], known | row["slots"]
    means, inputs = {"[]": 1.0}, {name: number(name, setting) for name in template["inputs"]}
    engine = sf.Engine(backend, backend_options={"cutoff_dim": int(given.get("cutoff", 0))})
    state = engine.run(sf.io.load(Path(sys.argv[1], template["file"])), args=inputs).state
    for a, m in ((letter, mode) for letter in "xpn" for mode in range(manifest["wires"]["count"])):
        mean, variance = state.mean_photon(m) if a == "n" else state.quad_expectation(m, math.pi / 2 * (a == "p"))
        means |= {str([[a, m]]): mean, str([[a, m]] * 2): variance + mean**2}
    read[key] = [sum(number(c, known) * means[str(word)] for c, word in o["terms"]) for o in template["outputs"]]
for part in manifest["components"]:
    total = 0.0
    for weight, *sides in part["terms"]:
        over, under = (math.prod(read[r][o] for r, o in side) for side in sides)
        total += number(weight, known) * over / under
    report.setdefault(", ".join(part["wrt"]), []).append(float(total))
print(json.dumps({"value": report.pop("", None), "gradient": report}))
