"""docs/training.md: its programs and commands run and print what it says, and its tables are those of the code."""

from __future__ import annotations

import inspect
import re
import shlex
import shutil
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner
from page_blocks import assert_code_prints, assert_same, commands

import qcompile as qc
from qcompile.cli import cli
from qcompile.learn import OPTIMIZERS
from qcompile.learn.result import Reason
from qcompile.learn.spsa import LEAST_WIDTH, STABILITY, TRIALS
from qcompile.learn.waves import TURNS

ROOT = Path(__file__).parents[1]
PATH = ROOT / "docs" / "training.md"
PAGE = PATH.read_text(encoding="utf-8")


def test_code_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a page that shows what the code no longer does. Its blocks run one after the other."""
    assert_code_prints(PAGE, capsys)


@pytest.mark.parametrize(("command", "stated"), list(commands(PAGE)))
def test_a_command_prints_what_it_says(
    command: str, stated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a command that no longer works, or files that it does not write."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "examples" / "h2.qc", "h2.qc")
    done = CliRunner().invoke(cli, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    assert_same(done.stdout, stated)
    assert all(Path(name).stat().st_size for name in ("run.json", "run.jsonl", "run.svg"))


def listed(title: str) -> set[str]:
    """What the first column of the section's table names."""
    table = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([\w-]+)`", cell)}


def test_its_tables_are_whole() -> None:
    """Would catch an optimizer or a rule that nobody finds."""
    assert listed("Optimizers") - {"optimizer"} == set(OPTIMIZERS)
    assert listed("When it stops") - {"stopped"} == set(get_args(Reason))


def test_every_option_is_told() -> None:
    """Would catch an option of `train` that the page leaves out."""
    told = set(re.findall(r"\w+", PAGE))
    assert set(inspect.signature(qc.train).parameters) - {"progress", "options"} <= told


@pytest.mark.parametrize(
    ("number", "stated"),
    [
        (TURNS, "eight turns of the slowest"),
        (LEAST_WIDTH, "(0.01 where it is exact)"),
        (TRIALS, "mean of five estimates"),
        (STABILITY, "A a tenth of the steps"),
    ],
)
def test_its_figures_are_those_of_the_code(number: float, stated: str) -> None:
    """Would catch a constant that moved."""
    assert number == {"eight": 8, "(0.01": 0.01, "mean": 5, "A": 0.1}[stated.split()[0]]
    assert stated in " ".join(PAGE.split())
