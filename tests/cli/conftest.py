"""Runs the command line as `main` does, in this process."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from qcompile.cli import main

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def qcompile(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, root: Path
) -> Callable[..., CompletedProcess[str]]:
    """`qcompile("run", "examples/h2.qc")`, from the top folder."""
    monkeypatch.chdir(root)

    def run(*arguments: object) -> CompletedProcess[str]:
        capsys.readouterr()
        texts = [str(argument) for argument in arguments]
        with pytest.raises(SystemExit) as leaving:
            main(texts)
        captured = capsys.readouterr()
        return CompletedProcess(texts, int(str(leaving.value.code)), captured.out, captured.err)

    return run


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Path]:
    """`source(text)` writes a program to a file of its own."""

    def write(text: str | bytes, name: str = "program.qc") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write
