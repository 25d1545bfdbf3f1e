"""The hybrid examples, in a few steps: each trains, and prints both models beside each other."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("torch_*.py") if path.stem != "torch_training")


def printed(script: str, steps: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr(sys, "path", [str(EXAMPLES), *sys.path])
    monkeypatch.setattr(sys, "argv", [script, "--steps", str(steps)])
    runpy.run_path(str(EXAMPLES / script), run_name="__main__")
    return capsys.readouterr().out


@pytest.mark.parametrize("script", SCRIPTS)
def test_it_runs(script: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch an example that a change of ours broke, or a baseline of another size."""
    found = re.findall(r"(quantum|classical) +(\d+) parameters, .* -?\d+\.\d+", printed(script, 3, monkeypatch, capsys))
    assert [name for name, _ in found] == ["quantum", "classical"]
    assert found[0][1] == found[1][1]


def test_it_learns(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a layer whose gradients lead nowhere."""
    found = printed("torch_residual.py", 60, monkeypatch, capsys)
    first = re.search(r"accuracy (\S+)", found)
    assert first is not None
    assert float(first.group(1)) > 0.9
