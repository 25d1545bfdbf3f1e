"""Strawberry Fields brings `lark-parser` 0.12, which installs its files over those of `lark`: either must do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys, lark
assert lark.__version__.startswith("0.12"), lark.__version__
import qcompile as qc
program = qc.parse("qubit q[2]; param t; for i in 0:2 { rx(2*t) q[i]; } return expect(Z[0] X[1]);")
assert qc.parse(qc.to_text(program)) == program
try:
    qc.parse("qubit q; x q h q; ) y q; return expect(Z[0]);")
except qc.CompileError as fault:
    print(len(fault.diagnostics), *{d.code.id for d in fault.diagnostics})
"""


def test_the_reader_works_with_the_package_that_overwrites_lark(tmp_path: Path, root: Path) -> None:
    """Would catch a use of what only newer versions of Lark have: installing a client would then break reading."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path)]
    done = subprocess.run([*install, "lark-parser==0.12.0"], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(done.stderr)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tmp_path), str(root)))}
    run = [sys.executable, "-W", "error::UserWarning", "-c", PROGRAM]
    found = subprocess.run(run, capture_output=True, text=True, check=False, env=environment)
    assert found.stdout.split() == ["2", "QC0101"], found.stderr
