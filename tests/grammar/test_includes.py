"""Files that texts name, in every language that names files."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qcompile.diagnostics import Code, CompileError, Diagnostic
from qcompile.grammar import includes
from qcompile.grammar.languages import ReadOptions, read

STATEMENTS: dict[str, Callable[[str], str]] = {
    "qc": lambda path: f'import "{path}";\n',
    "openqasm2": lambda path: f'include "{path}";\n',
    "openqasm3": lambda path: f'include "{path}";\n',
    "quil": lambda path: f'INCLUDE "{path}"\n',
    "blackbird": lambda path: f'name A\nversion 1.0\ninclude "{path}"\n',
}
ENDINGS = {"qc": ".qc", "openqasm2": ".inc", "openqasm3": ".inc", "quil": ".quil", "blackbird": ".xbb"}


def first_fault(language: str, path: str, folder: Path | None) -> Diagnostic:
    with pytest.raises(CompileError) as caught:
        read(STATEMENTS[language](path), language, options=ReadOptions(folder=folder))
    return caught.value.diagnostics[0]


@pytest.mark.parametrize("language", STATEMENTS)
def test_what_no_text_may_name(tmp_path: Path, language: str) -> None:
    """Catches an escape from the folder, by a link too, a hang on a pipe, and errors of the system let through."""
    ending, folder = ENDINGS[language], tmp_path / "project"
    (folder / f"folder{ending}").mkdir(parents=True)
    (tmp_path / f"secret{ending}").write_text("", encoding="utf-8")
    (folder / f"link{ending}").symlink_to(tmp_path / f"secret{ending}")
    (folder / f"loop{ending}").symlink_to(folder / f"loop{ending}")
    (folder / f"bytes{ending}").write_bytes(b"\xff")
    os.mkfifo(folder / f"pipe{ending}")
    for name in ("../secret", "link", "/secret", str(tmp_path / "secret")):
        fault = first_fault(language, name + ending, folder)
        assert fault.code is Code.IMPORT
        assert "outside" in fault.label
    for name in ("folder", "loop", "pipe", "a" * 5000, "x/../missing"):
        fault = first_fault(language, name + ending, folder)
        assert fault.code is Code.IMPORT
        assert "outside" not in fault.label
    assert first_fault(language, f"bytes{ending}", folder).code is Code.NOT_TEXT
    assert first_fault(language, f"link{ending}", None).code is Code.IMPORT
    assert first_fault(language, f"byts{ending}", folder).help == f"did you mean `bytes{ending}`?"


@pytest.mark.parametrize("language", STATEMENTS)
def test_what_is_read_is_bounded(tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches files that are read however large they are, and a chain of files that ends in a RecursionError."""
    ending = ENDINGS[language]
    for k in range(120):
        text = STATEMENTS[language](f"c{k + 1}{ending}").replace("name A", f"name P{k}")
        call = f"P{k + 1} | 0\n" if language == "blackbird" else ""
        (tmp_path / f"c{k}{ending}").write_text(text + call, encoding="utf-8")
    start = STATEMENTS[language](f"c0{ending}") + ("P0 | 0\n" if language == "blackbird" else "")
    with pytest.raises(CompileError) as caught:
        read(start, language, options=ReadOptions(folder=tmp_path))
    assert caught.value.diagnostics[0].code is Code.TOO_DEEP
    monkeypatch.setattr(includes, "MAX_BYTES", 10)
    assert first_fault(language, f"c0{ending}", tmp_path).code is Code.TOO_LARGE
