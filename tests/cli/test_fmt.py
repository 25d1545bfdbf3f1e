"""`qcompile fmt`: what it writes, and what it leaves alone."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]
Source = Callable[..., Path]


def test_files_are_written(qcompile: Run, source: Source) -> None:
    """Would catch a file that is not changed, or one that is written without need."""
    rough, neat = source("x   q;", "rough.qc"), source("x q;\n", "neat.qc")
    done = qcompile("fmt", rough, neat)
    assert (done.returncode, done.stdout) == (0, f"{rough}: formatted\n")
    assert rough.read_text(encoding="utf-8") == "x q;\n"


def test_check_writes_nothing(qcompile: Run, source: Source) -> None:
    """Would catch a check that changes what it checks, or passes what would change."""
    rough, neat = source("x   q;", "rough.qc"), source("x q;\n", "neat.qc")
    done = qcompile("fmt", "--check", rough, neat)
    assert (done.returncode, done.stdout) == (1, f"{rough}: would change\n")
    assert rough.read_text(encoding="utf-8") == "x   q;"
    assert qcompile("fmt", "--check", neat).returncode == 0


def test_faulty_files_stay(qcompile: Run, source: Source) -> None:
    """Would catch one faulty file that keeps the others from being laid out, or is itself touched."""
    faulty, rough = source("x   q", "faulty.qc"), source("x   q;", "rough.qc")
    done = qcompile("fmt", faulty, rough)
    assert done.returncode == 1
    assert f"{faulty}:1:" in done.stderr
    assert (faulty.read_text(encoding="utf-8"), rough.read_text(encoding="utf-8")) == ("x   q", "x q;\n")


def test_other_languages_are_refused(qcompile: Run, source: Source) -> None:
    """Would catch a file of another language read as ours."""
    done = qcompile("fmt", source("X 0\n", "program.quil"))
    assert done.returncode == 1
    assert "emit FILE --to qc" in done.stderr


def test_standard_input(root: Path) -> None:
    """Would catch `-` taken for a file's name, or other text on the standard output."""
    command = [sys.executable, "-m", "qcompile", "fmt", "-"]
    done = subprocess.run(command, input="x   q;", capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, done.stdout, done.stderr) == (0, "x q;\n", "")
