"""The exit codes that are no fault of the program, and what is said with them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import click
import pytest

from qcompile.cli import faults
from qcompile.cli.faults import guarded
from qcompile.diagnostics import Code, error

Run = Callable[..., subprocess.CompletedProcess[str]]


def command_that_raises(fault: BaseException) -> click.Command:
    @click.command()
    def failing() -> None:
        raise fault

    return failing


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("run",),
        ("run", "examples/h2.qc", "--frobnicate"),
        ("run", "examples/h2.qc", "--set", "theta"),
        ("run", "examples/h2.qc", "--set", "theta=one"),
        ("run", "examples/h2.qc", "--set", "theta=1", "--set", "theta=2"),
        ("run", "examples/h2.qc", "--shots", "0"),
        ("emit", "examples/h2.qc"),
        ("emit", "examples/h2.qc", "--to", "fortran"),
        ("train", "examples/h2.qc", "--optimizer", "magic"),
    ],
)
def test_usage_is_2(arguments: tuple[str, ...], qcompile: Run) -> None:
    """Would catch a mistyped command line that does something."""
    done = qcompile(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage:" in done.stderr


def test_a_missing_client_is_3(capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a missing client taken for the program's fault."""
    assert guarded(command_that_raises(error(Code.MISSING_CLIENT, "pyquil", help="install it")), []) == 3
    assert f"error[{Code.MISSING_CLIENT.id}]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "fault", [AssertionError("rule 7 broke\nmore"), KeyError("x"), RecursionError(), MemoryError()]
)
def test_our_fault_is_70_in_one_line_with_a_report(
    fault: Exception, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a traceback on the terminal, or one that is lost."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert guarded(command_that_raises(fault), []) == 70
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    [report] = tmp_path.iterdir()
    assert str(report) in message
    assert "Traceback" in report.read_text(encoding="utf-8")


def test_our_fault_is_told_even_where_no_report_can_be_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a second fault that hides the first."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert guarded(command_that_raises(AssertionError("rule 7 broke")), []) == 70
    assert "rule 7 broke" in capsys.readouterr().err


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), click.Abort()])
def test_an_interrupt_is_130(fault: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a traceback on Ctrl-C."""
    assert guarded(command_that_raises(fault), []) == faults.INTERRUPTED == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_reader_that_stops_is_no_fault(root: Path) -> None:
    """Would catch a traceback from `qcompile gates | head`."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "qcompile", "gates"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
            cwd=root,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_full_disk_is_said(root: Path) -> None:
    """Would catch output that is lost in silence."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "qcompile", "gates"], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            cwd=root,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"error[{Code.UNWRITABLE.id}]" in done.stderr
    assert "Traceback" not in done.stderr


def test_version(qcompile: Run) -> None:
    """Would catch a version that is not the package's."""
    from importlib.metadata import version

    assert qcompile("--version").stdout == f"qcompile {version('qcompile')}\n"


def test_help_is_quick(root: Path) -> None:
    """Would catch a heavy import at the top of a command. The budget of 0.25 s is doubled for busy machines."""
    times: list[float] = []
    for _ in range(3):
        start = perf_counter()
        subprocess.run([sys.executable, "-m", "qcompile", "--help"], capture_output=True, check=True, cwd=root)
        times.append(perf_counter() - start)
    assert min(times) < 0.5


def test_the_standard_input_is_read_once(qcompile: Run) -> None:
    """Would catch the second program read from an input that is used up, and called empty."""
    done = qcompile("equiv", "-", "-")
    assert done.returncode == 2
    assert "standard input" in done.stderr
