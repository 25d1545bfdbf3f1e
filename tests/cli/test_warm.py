"""`qcompile warm` and `qcompile stats --plan`."""

from __future__ import annotations

from pathlib import Path

import pytest

from qcompile.cli import main

PROGRAM = "qubit q[6]; param a[2]; h q[0]; ry(a[0]) q[5]; rz(a[1]) q[5]; cx q[0], q[5]; return expect(Z[5]);"


def run(*arguments: str) -> object:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    return stop.value.code


def test_warm_says_where(capsys: pytest.CaptureFixture[str]) -> None:
    """The tests' kernels are there already, in the cache."""
    assert not run("warm")
    assert "double: there already, in " in capsys.readouterr().out


def test_plan_names_gates_and_qubits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rotation, a phase and the CNOT on the same target are one block."""
    (tmp_path / "a.qc").write_text(PROGRAM, encoding="utf-8")
    assert not run("stats", "--plan", str(tmp_path / "a.qc"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "6 qubits, 4 gates in 2 blocks in 1 stages"
    assert lines[-1].split() == ["lanes", "flips", "q[5]", "reads", "q[0]", "q[5]", "ry(a[0])", "rz(a[1])", "cx"]


def test_plan_of_what_is_not_fused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A diagnostic, not a traceback."""
    (tmp_path / "a.qc").write_text("qumode m; squeeze(1, 0) m; return expect(n[0]);", encoding="utf-8")
    assert run("stats", "--plan", str(tmp_path / "a.qc")) == 1
    assert "QC0604" in capsys.readouterr().err
