"""docs/derivatives: the programs, the Python and the commands of every page run, and print what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from every_method import program_of
from page_blocks import assert_same, code, commands, texts

import qcompile as qc
from qcompile.cli import cli
from qcompile.passes import Optimize
from qcompile.passes.differentiate import METHODS
from qcompile.passes.differentiate.adjoint.derivative import MAX_OUTCOMES
from qcompile.passes.differentiate.shift.spectra import DENSE_LIMIT, MOST_FREQUENCIES
from qcompile.passes.differentiate.sight.words import MOST_WORDS
from qcompile.targets.simulator.adjoint_tape import MAX_HISTORIES

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "derivatives"
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
PROGRAMS = [(name, text) for name, page in PAGES.items() for text in texts(page, "qc")]
CODE = [pair for page in PAGES.values() for pair in code(page)]
COMMANDS = [(name, *pair) for name, page in PAGES.items() for pair in commands(page)]


@pytest.mark.parametrize(("name", "text"), PROGRAMS)
def test_a_program_is_differentiated_and_reads_back(name: str, text: str) -> None:
    """Would catch a page that shows what the reader refuses, or what has no gradient."""
    module = qc.parse(text)
    assert qc.parse(qc.to_text(module)) == module, name
    if isinstance(module, qc.Program):
        values = {p.name: np.full(p.size or (), 0.02) for p in module.parameters}
        found = qc.value_and_grad(module, cutoff=16)(**values)
        assert all(np.all(np.isfinite(slope)) for slope in found[1].values())


@pytest.mark.parametrize(("text", "stated"), CODE)
def test_code_prints_what_it_says(text: str, stated: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a page that shows what the code no longer does."""
    exec(text, {})  # noqa: S102
    assert_same(capsys.readouterr().out, stated)


@pytest.mark.parametrize(("name", "command", "stated"), COMMANDS)
def test_a_command_prints_what_it_says(
    name: str, command: str, stated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a command that no longer works. It reads an example, or the first program of its page."""
    program, *arguments = shlex.split(command)
    assert program == "qcompile"
    file = next(argument for argument in arguments if argument.endswith(".qc"))
    example = ROOT / "examples" / file
    (tmp_path / file).write_text(
        example.read_text("utf-8") if example.exists() else texts(PAGES[name], "qc")[0], "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    if stated:
        assert_same(done.stdout, stated)


@pytest.mark.parametrize(("method", "wrt", "level"), [("shift", "gamma", 2), ("adjoint", None, 0)])
def test_it_shows_what_the_pass_makes(method: str, wrt: str | None, level: int) -> None:
    """Would catch a page that tells of another rule, or another way back."""
    program, derivative = texts(PAGES[method], "qc")
    assert qc.to_text(Optimize(level)(qc.differentiate(program_of(program), wrt, method))) == derivative


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("shift", f"more than {MOST_WORDS} words"),
        ("shift", f"more than {DENSE_LIMIT} wires"),
        ("shift", f"more than {MOST_FREQUENCIES} frequencies"),
        ("adjoint", f"at most {MAX_OUTCOMES}"),
        ("adjoint", f"more than {MAX_HISTORIES} are refused"),
    ],
)
def test_its_limits_are_those_of_the_code(name: str, limit: str) -> None:
    """Would catch a limit that moved."""
    assert limit in " ".join(PAGES[name].lower().split())


def test_post_selection_has_the_derivative_of_the_table() -> None:
    """Would catch a table that tells of another program than the page shows."""
    (text,) = texts(PAGES["known-wrong"], "qc")
    slope = qc.value_and_grad(program_of(text))(x=0.512)[1]["x"]
    assert f"| {slope:.11f} |" in PAGES["known-wrong"]


def test_the_index_lists_every_page_and_every_method() -> None:
    """Would catch a page that nobody finds, and a link to one that is not there."""
    linked = set(re.findall(r"\]\((\w[\w-]*)\.md\)", PAGES["README"]))
    assert linked == PAGES.keys() - {"README"}
    assert all(f"`{method}`" in PAGES["README"] for method in METHODS)


def test_links_lead_somewhere() -> None:
    """Would catch a page that moved."""
    links = [(name, link) for name, page in PAGES.items() for link in re.findall(r"\]\(([\w./-]+)\)", page)]
    assert [(name, link) for name, link in links if not (FOLDER / link).exists()] == []
