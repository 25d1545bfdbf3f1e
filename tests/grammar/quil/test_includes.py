"""INCLUDE puts other files' statements where it stands, from the program's folder only."""

from pathlib import Path

import pytest

from qcompile.diagnostics import Code, CompileError, Source
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.quil import read
from qcompile.ir import Op, Program


def program_of(folder: Path | None, text: str) -> Program:
    return read(Source("main.quil", text), ReadOptions(folder=folder))


def test_files_are_put_in_place(tmp_path: Path) -> None:
    """Catches statements out of order, a path taken from the wrong folder, spans that point into the wrong file."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "first.quil").write_text('X 0\nINCLUDE "inner/second.quil"\nZ 0\n')
    (tmp_path / "inner" / "second.quil").write_text('INCLUDE "third.quil"\nFLIP 1\n')
    (tmp_path / "inner" / "third.quil").write_text("DEFCIRCUIT FLIP q:\n    Y q\n")
    program = program_of(tmp_path, 'H 0\nINCLUDE "first.quil"\nS 0')
    ops = [statement for statement in program.body if isinstance(statement, Op)]
    assert [op.gate.name for op in ops] == ["h", "x", "y", "z", "s"]
    assert [op.span.source.name for op in ops if op.span] == [
        "main.quil", "first.quil", "inner/third.quil", "first.quil", "main.quil",
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["none.quil", "../out.quil", "ring.quil", ".", "\0", "a" * 5000, "binary.quil"])
def test_what_cannot_be_included(tmp_path: Path, path: str) -> None:
    """Catches an escape from the folder, a ring, and faults of the file system that are no diagnostics."""
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "out.quil").write_text("X 0\n")
    (folder / "ring.quil").write_text('INCLUDE "ring.quil"\n')
    (folder / "binary.quil").write_bytes(b"X 0\xff\n")
    with pytest.raises(CompileError) as caught:
        program_of(folder, f'INCLUDE "{path}"')
    assert caught.value.diagnostics[0].code in (Code.IMPORT, Code.NOT_TEXT)


def test_nothing_is_included_without_a_folder() -> None:
    """Catches a text from nowhere that reads files of the working folder."""
    with pytest.raises(CompileError) as caught:
        program_of(None, 'INCLUDE "pyproject.toml"')
    assert caught.value.diagnostics[0].code == Code.IMPORT


def test_a_fault_in_an_included_file_is_shown_there(tmp_path: Path) -> None:
    """Catches a message that shows a line of the wrong file."""
    (tmp_path / "other.quil").write_text("H 0\nNOPE 0\n")
    with pytest.raises(CompileError, match=r"other\.quil:2:1"):
        program_of(tmp_path, 'INCLUDE "other.quil"\nX 0\n')
