"""The examples on written digits run, in a reduced form, and print the two networks beside each other."""

import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
LINE = r"(\w+) +(\d+) parameters, test accuracy 0\.\d{3}"


@pytest.mark.parametrize("script", ["jax_digits.py", "keras_digits.py", "torch_digits.py"])
def test_both_networks_are_trained_and_told(
    script: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Would catch an example that no longer runs, and a baseline of another size."""
    monkeypatch.setattr("sys.path", [str(EXAMPLES), *sys.path])
    reduced = [] if script == "torch_digits.py" else ["--samples", "64"]
    monkeypatch.setattr("sys.argv", [script, "--steps", "2", *reduced])
    runpy.run_path(str(EXAMPLES / script), run_name="__main__")
    (quantum, size), (classical, other) = re.findall(LINE, capsys.readouterr().out)
    assert (quantum, classical) == ("quantum", "classical")
    assert size == other
