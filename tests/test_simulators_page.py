"""docs/simulators.md: its programs and commands run and print what it says, and its limits are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from page_blocks import assert_code_prints, assert_links_lead_somewhere, assert_same, commands, texts

from qcompile.cli import cli
from qcompile.targets.engine.fused import COPIES, SMALL
from qcompile.targets.simulator import ENGINES, density, mps, trajectories
from qcompile.targets.simulator.dispatch import WIDE
from qcompile.targets.simulator.options import BYTES, TRAJECTORIES
from qcompile.targets.simulator.stabilizer import histories
from qcompile.targets.simulator.tensor_run import MAX_BRANCHES

PATH = Path(__file__).parents[1] / "docs" / "simulators.md"
PAGE = PATH.read_text(encoding="utf-8")


def test_code_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a page that shows what the code no longer does. Its blocks run one after the other."""
    assert_code_prints(PAGE, capsys)


@pytest.mark.parametrize(("command", "stated"), list(commands(PAGE)))
def test_a_command_prints_what_it_says(
    command: str, stated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a command that no longer works. It reads the page's program."""
    monkeypatch.chdir(tmp_path)
    Path("ghz.qc").write_text(texts(PAGE, "qc")[0], encoding="utf-8")
    done = CliRunner().invoke(cli, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    assert_same(done.stdout, stated)


@pytest.mark.parametrize(
    "stated",
    [
        f"{COPIES * BYTES} bytes × 2ⁿ, {COPIES * BYTES // 2} in single precision",
        f"Up to {SMALL} qubits it is not waited for",
        f"{BYTES * trajectories.COPIES} bytes × 2ⁿ",
        f"{BYTES * density.COPIES} bytes × 4ⁿ",
        f"{2 * BYTES * mps.COPIES} bytes × n χ²",
        f"at most {density.MAX_QUBITS} qubits",
        f"more than {WIDE} qubits",
        f"at most {MAX_BRANCHES} histories",
        f"{histories.MAX_HISTORIES} of them at most",
        f"bonds of more than {mps.EXACT_BOND} is refused",
        f"{TRAJECTORIES} unless said otherwise",
    ],
)
def test_its_limits_are_those_of_the_code(stated: str) -> None:
    """Would catch a limit that moved."""
    assert stated in " ".join(PAGE.split())


def test_it_lists_every_engine() -> None:
    """Would catch an engine that nobody finds."""
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == [name for name in ENGINES if name != "auto"]


def test_links_lead_somewhere() -> None:
    """Would catch a page that moved."""
    assert_links_lead_somewhere(PATH)
