"""The pages of `qcompile explain`: every code has one; what it calls wrong gives the code, what it calls right none.

`QCOMPILE_BLESS=1` rewrites their messages and the index, docs/codes.md.
"""

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from qcompile.cli import main
from qcompile.diagnostics import Code
from qcompile.diagnostics.pages import read_page
from qcompile.languages import LANGUAGES

MAX_LINES = 30
ABSENT = {Code.MISSING_CLIENT: "qiskit"}  # what must not be installed for the code to come up
Run = Callable[[str], CompletedProcess[str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs a command line as a shell would, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def run(command: str) -> CompletedProcess[str]:
        program, *arguments = shlex.split(command)
        assert program == "qcompile"
        capsys.readouterr()
        with pytest.raises(SystemExit) as leaving:
            main(arguments)
        captured = capsys.readouterr()
        return CompletedProcess(arguments, int(str(leaving.value.code)), captured.out, captured.err)

    return run


def blocks(section: str) -> Iterator[tuple[str, str]]:
    """What stands behind each fence (language and file name) and inside it."""
    for found in re.finditer(r"^```(.+)\n([\s\S]*?)^```$", section, re.MULTILINE):
        yield found[1], found[2]


def commands(section: str, folder: Path) -> list[str]:
    """Writes the section's programs and gives its commands; without one, the last program is checked."""
    given, last = list[str](), ""
    for head, text in blocks(section):
        if head == "console":
            lines = (line.removeprefix("$ ") for line in text.splitlines())
            given += [line for line in lines if line.startswith("qcompile ")]
            continue
        language, _, name = head.partition(" ")
        last = name or f"program{LANGUAGES[language].ending}"
        (folder / last).write_text(text, encoding="utf-8")
    return given or [f"qcompile check {last}"]


def section(code: Code, title: str) -> str:
    _, _, rest = read_page(code).partition(f"\n## {title}\n")
    return rest.partition("\n## ")[0]


@pytest.mark.parametrize("code", Code, ids=lambda code: code.id)
def test_what_a_page_calls_wrong_gives_the_code(
    code: Code, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch an example that the compiler takes, or refuses for another reason."""
    if code in ABSENT:
        monkeypatch.setitem(sys.modules, ABSENT[code], None)
    *before, last = [run(command) for command in commands(section(code, "Wrong"), tmp_path)]
    assert all(done.returncode == 0 for done in before)
    assert f"{code.severity}[{code.id}]" in last.stderr, last.stderr
    assert (last.returncode == 0) == (code.severity == "warning")
    golden = Path(__file__).parent / "errors" / "pages" / f"{code.id}.err"
    if os.environ.get("QCOMPILE_BLESS") == "1":
        golden.write_text(last.stderr, encoding="utf-8")
    assert last.stderr == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", Code, ids=lambda code: code.id)
def test_what_a_page_calls_right_is_right(code: Code, run: Run, tmp_path: Path) -> None:
    """Would catch a cure that does not help, or brings another fault or a warning."""
    for command in commands(section(code, "Right"), tmp_path):
        done = run(command)
        assert done.returncode == 0, done.stderr
        assert "[QC" not in done.stderr, done.stderr


@pytest.mark.parametrize("code", Code, ids=lambda code: code.id)
def test_pages_are_short_and_titled(code: Code) -> None:
    """Would catch a title told otherwise than in the message, and a page that nobody reads to its end."""
    page = read_page(code)
    assert page.startswith(f"# {code.id}: {code.title}\n\n")
    assert len(page.splitlines()) <= MAX_LINES
    assert page.count("\n## ") == 2


def test_no_page_is_left_over(root: Path) -> None:
    """Would catch the page of a code that is gone."""
    folder = root / "qcompile" / "diagnostics" / "pages"
    assert {path.stem for path in folder.glob("*.md")} == {code.id for code in Code}


def test_explain_shows_the_page(run: Run) -> None:
    """Would catch fences on the terminal, and programs that run into the text."""
    done = run("qcompile explain qc0302")
    assert done.returncode == 0
    assert done.stdout.startswith(f"{Code.REPEATED_WIRE.id}: {Code.REPEATED_WIRE.title}\n\n")
    assert "\nWrong\n\n    qubit q[2];\n    cx q[0], q[0];\n\nRight\n\n" in done.stdout
    assert "```" not in done.stdout
    assert json.loads(run("qcompile explain QC0302 --json").stdout)["page"] == read_page(Code.REPEATED_WIRE)


def test_explain_lists_all_codes(run: Run) -> None:
    """Would catch a code that is left out of the list."""
    lines = run("qcompile explain").stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [code.id for code in Code]
    assert [row["code"] for row in json.loads(run("qcompile explain --json").stdout)] == [code.id for code in Code]


def index_text() -> str:
    rows = [
        f"| [{code.id}](../qcompile/diagnostics/pages/{code.id}.md) | {code.severity} | {code.title} |" for code in Code
    ]
    head = "`qcompile explain CODE` shows a page, with what causes the diagnostic and what cures it."
    return "\n".join(["# Diagnostics", "", head, "", "| code | | |", "|---|---|---|", *rows, ""])


def test_the_index_is_as_committed(root: Path) -> None:
    """Would catch a code that the documentation does not list."""
    path = root / "docs" / "codes.md"
    if os.environ.get("QCOMPILE_BLESS") == "1":
        path.write_text(index_text(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == index_text()
