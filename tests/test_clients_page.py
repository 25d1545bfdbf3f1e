"""docs/clients.md: its programs and commands run and print what it says, and it lists every client."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from page_blocks import assert_code_prints, assert_links_lead_somewhere, assert_same, commands

from qcompile.cli import cli
from qcompile.targets.clients import CLIENTS
from qcompile.targets.clients.words import MAX_WIRES

ROOT = Path(__file__).parents[1]
PATH = ROOT / "docs" / "clients.md"
PAGE = PATH.read_text(encoding="utf-8")


def test_code_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a page that shows what the code no longer does. Its blocks run one after the other."""
    assert_code_prints(PAGE, capsys)


@pytest.mark.parametrize(("command", "stated"), list(commands(PAGE)))
def test_a_command_prints_what_it_says(command: str, stated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a command that no longer works."""
    monkeypatch.chdir(ROOT / "examples")
    done = CliRunner().invoke(cli, shlex.split(command)[1:])
    assert done.exit_code == 0, done.output
    assert_same(done.stdout, stated)


def test_it_lists_every_client() -> None:
    """Would catch a client that nobody finds, and an extra of another name."""
    rows = re.findall(r'^\| `"(\w+)"` \|.*`qcompile\[(\w+)\]` \|$', PAGE, re.MULTILINE)
    assert rows == [(vendor.name, vendor.extra) for vendor in CLIENTS.values()]
    assert f"for at most {MAX_WIRES} of them" in " ".join(PAGE.split())


def test_links_lead_somewhere() -> None:
    """Would catch a page that moved."""
    assert_links_lead_somewhere(PATH)
