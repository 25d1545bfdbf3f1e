"""`qcompile draw` and what `draw` gives in Python."""

from __future__ import annotations

import doctest
import io
import sys
from pathlib import Path

import pytest

import qcompile as qc
from qcompile.cli import main
from qcompile.draw import draw, drawing

PROGRAM = "qubit q[2]; param theta; param w[2]; rx(theta) q[0]; rzz(w[0] + w[1]) q[0], q[1];"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "program.qc"
    path.write_text(PROGRAM, encoding="utf-8")
    return path


def leave(*arguments: object) -> int:
    """The exit code of `qcompile draw` with these arguments."""
    with pytest.raises(SystemExit) as leaving:
        main(["draw", *map(str, arguments)])
    return int(str(leaving.value.code))


def test_it_prints_the_drawing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch colours or folded lines in a pipe."""
    assert leave(file) == 0
    assert capsys.readouterr().out == draw(qc.parse(PROGRAM)).text()


def test_it_colours_a_terminal(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a terminal without colour, or `--no-color` that leaves some."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for variable in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    shown: dict[tuple[str, ...], str] = {}
    for options in ((), ("--no-color",)):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        assert leave(file, "--width", 80, *options) == 0
        shown[options] = terminal.getvalue()
    assert "\x1b[94m" in shown[()]
    assert "\x1b[94m" not in shown["--no-color",]
    assert "rx(θ)" in shown["--no-color",]


@pytest.mark.parametrize(
    ("setting", "label"),
    [("theta=0.25", "rx(0.25)"), ("w=1,pi/2", "rzz(2.571)")],
)
def test_parameters_can_be_set(file: Path, capsys: pytest.CaptureFixture[str], setting: str, label: str) -> None:
    """Would catch a setting that is not drawn."""
    assert leave(file, "--set", setting) == 0
    assert label in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--set", "thet=1"), 1, "did you mean `theta`?"),
        (("--set", "theta=1,2"), 1, "`theta` takes 1 number, given: 2"),
        (("--set", "w=1"), 1, "`w` takes 2 numbers, given: 1"),
        (("-o", "picture.png"), 2, "`.svg`"),
        (("-o", "/nowhere/x.svg"), 1, "QC0107"),
        (("--width", "0"), 2, "--width"),
    ],
)
def test_mistakes_are_told(
    file: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, message: str
) -> None:
    """Would catch a traceback, or a mistake that passes."""
    assert leave(file, *arguments) == code
    assert message in capsys.readouterr().err


def test_settings_are_not_for_derivatives(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a setting that is dropped without a word."""
    derivative = file.with_name("derivative.qc")
    derivative.write_text("shifted; template t0 { qubit q; return expect(Z[0]); } row r0 = t0(); ")
    assert leave(derivative, "--set", "theta=1") == 1
    assert "goes with a program" in capsys.readouterr().err
    assert leave(derivative) == 0


def test_it_saves_pictures(tmp_path: Path) -> None:
    """Would catch a file that is not what the notebook shows, or an ending that is taken for another."""
    drawing = qc.draw(qc.parse(PROGRAM))
    drawing.save(tmp_path / "a.svg")
    drawing.save(tmp_path / "a.txt", width=60)
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == drawing._repr_svg_()  # pyright: ignore[reportPrivateUsage]
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == drawing.text(60)
    assert str(drawing) == drawing.text().rstrip("\n")
    with pytest.raises(qc.CompileError, match="neither in"):
        drawing.save(tmp_path / "a.pdf")


@pytest.mark.parametrize("text", ["qubit q;", "qumode m[2]; return state();", "bit c;"])
def test_there_may_be_little_to_draw(text: str) -> None:
    """Would catch a drawing that needs a gate, a wire or an output."""
    drawing = draw(qc.parse(text))
    assert drawing.svg().endswith("</svg>\n")
    assert drawing.text()


def test_the_example_in_the_docstring() -> None:
    """Would catch an example that shows what is no longer drawn."""
    assert doctest.testmod(drawing) == doctest.TestResults(failed=0, attempted=2)
