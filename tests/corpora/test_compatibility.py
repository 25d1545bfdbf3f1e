"""docs/compatibility.md says what is: its examples, its counts, its refused files."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import LANGUAGES, ReadOptions, read

PAGE = (Path(__file__).parents[2] / "docs" / "compatibility.md").read_text(encoding="utf-8")
HEADS = {
    "openqasm2": 'OPENQASM 2.0; include "qelib1.inc"; qreg q[3]; creg c[2];\n',
    "openqasm3": 'OPENQASM 3.0; include "stdgates.inc"; qubit[3] q; bit[2] c;\n',
    "quil": "DECLARE ro BIT[2]\n",
    "blackbird": "name example\nversion 1.0\n\n",
}
ENDINGS = {".qasm", ".inc", ".quil", ".xbb"}
LOOP_BOUND = 3  # as the page says
_CODE = re.compile(r"QC\d{4}")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def cells(row: str) -> list[str]:
    """The cells of a row of a table, code marks kept."""
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


def rows(text: str) -> list[list[str]]:
    """The rows of all tables below their heads."""
    lines = text.splitlines()
    heads = {number - 1 for number, line in enumerate(lines) if line.startswith("|---")}
    return [
        cells(line)
        for number, line in enumerate(lines)
        if line.startswith("|") and not line.startswith("|---") and number not in heads
    ]


def examples() -> Iterator[tuple[str, str, str, str]]:
    for language in HEADS:
        for name, example, outcome in rows(section(LANGUAGES[language].title)):
            yield language, name, example.strip("`").replace("⏎", "\n"), outcome


@pytest.mark.parametrize(("language", "name", "example", "outcome"), list(examples()))
def test_examples_do_as_said(language: str, name: str, example: str, outcome: str, tmp_path: Path) -> None:
    """Catches a construct that is read, dropped or refused otherwise than the page says."""
    (tmp_path / "more.inc").write_text("gate more a { x a; }\n", encoding="utf-8")
    said = list[Code]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            read(f"{HEADS[language]}{example}\n", language, name, ReadOptions(folder=tmp_path))
            found = "read"
        except CompileError as fault:
            found, said = "refused", [diagnostic.code for diagnostic in fault.diagnostics]
    dropped = {w.message.diagnostic.code for w in caught if isinstance(w.message, CompileWarning)}
    found = "dropped" if found == "read" and Code.DROPPED in dropped else found
    assert outcome.startswith(found), said
    if found == "refused":
        assert {code.id for code in said} <= set(_CODE.findall(outcome))


def first_lines(fault: CompileError) -> dict[str, int]:
    """The first line of each code."""
    found = dict[str, int]()
    for diagnostic in fault.diagnostics:
        if diagnostic.span:
            found.setdefault(diagnostic.code.id, diagnostic.span.source.position(diagnostic.span.start)[0])
    return found


def refusal(path: Path, language: str) -> dict[str, int]:
    """Why a file is refused, by code; nothing where it is read, printed, and read back as the same program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        try:
            module = read(
                path.read_text("utf-8"), language, path.name, ReadOptions(folder=path.parent, loop_bound=LOOP_BOUND)
            )
        except CompileError as fault:
            return first_lines(fault)
    assert parse(to_text(module)) == module, path.name
    return {}


def test_counts_and_refused_files(corpora: Path) -> None:
    """Catches a file read or refused otherwise than the page says, and a file of the corpora that it leaves out."""
    counts, refused = dict[str, tuple[int, int]](), dict[str, dict[str, int]]()
    tables = rows(section("Other people's programs"))
    folders = [cell[0].strip("`") for cell in tables if "/" in cell[0] or cell[0] == "`blackbird`"]
    for folder in folders:
        paths = sorted(path for path in (corpora / folder).iterdir() if path.suffix in ENDINGS)
        found = {path.name: refusal(path, folder.split("/")[0]) for path in paths}
        why = {name: codes for name, codes in found.items() if codes}
        counts[folder] = len(found) - len(why), len(why)
        refused |= why
    assert counts == {row[0].strip("`"): (int(row[1]), int(row[2])) for row in tables if row[0].strip("`") in counts}
    said = {row[0].strip("`"): row[1] for row in tables if row[0].strip("`") not in counts}
    assert {
        name: ", ".join(f"{line}: `{code}`" for code, line in codes.items()) for name, codes in refused.items()
    } == said
    present = {str(path.parent.relative_to(corpora)) for path in corpora.rglob("*") if path.suffix in ENDINGS}
    assert present == set(folders)
