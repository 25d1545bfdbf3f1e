"""What `import qcompile` and `qcompile --help` load: they must stay fast."""

import json
import subprocess
import sys

import pytest

CLIENTS = {
    "blackbird", "dask", "jax", "jaxlib", "matplotlib", "pyquil", "qiskit", "qiskit_aer", "qiskit_qasm3_import", "quil",
    "quimb",
    "stim", "strawberryfields", "tensorflow", "thewalrus", "torch",
}  # fmt: skip
HEAVY = CLIENTS | {"llvmlite", "lsprotocol", "networkx", "numba", "pygls", "scipy", "sympy"}

HELP = """
import sys
from qcompile.cli import main
sys.argv = ["qcompile", "--help"]
try:
    main()
except SystemExit:
    pass
"""


@pytest.mark.parametrize(
    ("code", "heavy"),
    [("import qcompile", HEAVY | {"rich", "click"}), ("import qcompile.cli", HEAVY), (HELP, HEAVY)],
    ids=["import", "cli", "help"],
)
def test_loads_nothing_heavy(code: str, heavy: set[str]) -> None:
    """Would catch an import at the top of a module that belongs in a function."""
    report = "\nimport json, sys\nprint()\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code + report], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}
    assert not loaded & heavy
