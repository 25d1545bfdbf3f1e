"""`qcompile server` without its package, and the TextMate grammar."""

import json
import re
import sys
from pathlib import Path
from subprocess import run

import pytest

from qcompile import server
from qcompile.cli import main
from qcompile.diagnostics import Code
from qcompile.gates import NAMES
from qcompile.grammar.scope import CALLABLE, CONSTANTS
from qcompile.grammar.syntax import keywords
from qcompile.server.textmate import CONTROL, TYPES, patterns, textmate


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a traceback where `pygls` is not installed."""
    monkeypatch.setattr(server, "find_spec", dict[str, None]().get)
    with pytest.raises(SystemExit) as leaving:
        main(["server"])
    assert leaving.value.code == 3
    told = capsys.readouterr().err
    assert Code.MISSING_CLIENT.id in told
    assert "qcompile[editor]" in told


def test_the_protocol_is_loaded_when_it_is_used() -> None:
    """Would catch a command line that needs `pygls` for anything else."""
    code = "import sys, qcompile.cli, qcompile.server; print('pygls' in sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_textmate_grammar_is_printed(root: Path) -> None:
    """Would catch a committed grammar that lacks a keyword or a gate."""
    path = root / "docs" / "editors" / "qcompile.tmLanguage.json"
    assert json.loads(path.read_text(encoding="utf-8")) == textmate()


def test_the_textmate_grammar_knows_every_word() -> None:
    """Would catch a keyword told here that the parser has not, or one of the parser's that is left out."""
    listed: dict[str, set[str]] = {}
    for pattern in patterns():
        words = re.match(r"\\b\(\?:([\w|]+)\)\\b", pattern.get("match", ""))
        if words:
            listed[pattern["name"]] = set(words[1].split("|"))
    assert keywords() >= CONTROL | TYPES
    assert set().union(*(words for name, words in listed.items() if name.startswith(("keyword", "storage")))) == (
        keywords()
    )
    assert listed["support.function.qcompile"] == set(CALLABLE)
    assert listed["constant.language.qcompile"] == set(CONSTANTS)
    assert listed["entity.name.function.gate.qcompile"] == set(NAMES)


@pytest.mark.parametrize("name", ["language-configuration.json", "qcompile.tmLanguage.json"])
def test_what_editors_read_is_json(name: str, root: Path) -> None:
    """Would catch a comma too many."""
    assert json.loads((root / "docs" / "editors" / name).read_text(encoding="utf-8"))
