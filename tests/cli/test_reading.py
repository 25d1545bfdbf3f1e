"""How the command line reads: any language, warnings in the form of diagnostics, and JSON of all that is said."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qcompile.cli.session import MAX_WARNINGS
from qcompile.diagnostics import Code

Run = Callable[..., subprocess.CompletedProcess[str]]
Source = Callable[..., Path]
IDLE = "qubit q[2];\nparam t;\nrx(t) q[1];\nreturn expect(Z[0]);\n"
BELL = {
    "program.qc": "qubit q[2]; h q[0]; cx q[0], q[1];",
    "two.qasm": 'OPENQASM 2.0;\ninclude "qelib1.inc";\nqreg q[2];\nh q[0];\ncx q[0], q[1];\n',
    "three.qasm": 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nh q[0];\ncx q[0], q[1];\n',
    "program.quil": "H 0\nCNOT 0 1\n",
}
FROM = {"program.qc": "qc", "two.qasm": "openqasm2", "three.qasm": "openqasm3", "program.quil": "quil"}
COMMANDS = {
    "check": (),
    "emit": ("--to", "quil"),
    "grad": ("--wrt", "t"),
    "run": ("--set", "t=0.1"),
    "train": ("--steps", "1"),
    "opt": (),
    "stats": (),
}


@pytest.mark.parametrize("name", BELL)
def test_every_language_is_read_by_its_ending(name: str, qcompile: Run, source: Source) -> None:
    """Would catch a language that is read as another, and an observable whose indices count otherwise there."""
    done = qcompile("run", source(BELL[name], name), "--observable", "Z[0] Z[1]", "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["value"] == pytest.approx(1)


@pytest.mark.parametrize("name", BELL)
def test_from_names_the_language(name: str, qcompile: Run, source: Source) -> None:
    """Would catch an ending that overrules what the user said."""
    path = source(BELL[name], "program.txt")
    assert qcompile("check", path, "--from", FROM[name]).stdout.endswith("2 qubits, 2 statements\n")
    refused = qcompile("check", path)
    assert refused.returncode == 1
    assert "--from" in refused.stderr


def test_light_is_read_too(qcompile: Run, source: Source) -> None:
    """Would catch Blackbird left out of the command line."""
    path = source("name light\nversion 1.0\n\nSgate(0.3, 0.0) | 0\n", "light.xbb")
    done = qcompile("run", path, "--observable", "n[0]", "--json")
    assert json.loads(done.stdout)["value"] == pytest.approx(math.sinh(0.3) ** 2)


@pytest.mark.parametrize(
    ("text", "options"),
    [(BELL["program.qc"], ()), (BELL["two.qasm"], ()), (BELL["program.quil"], ("--from", "quil"))],
)
def test_the_standard_input_may_be_in_any_language(text: str, options: tuple[str, ...], root: Path) -> None:
    """Would catch an OpenQASM header that is overlooked."""
    command = [sys.executable, "-m", "qcompile", "check", "-", *options]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd=root)
    assert done.stdout == "<stdin>: 2 qubits, 2 statements\n", done.stderr


def test_includes_are_found_beside_the_file(qcompile: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a path taken from the folder that the command runs in."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "bell.inc").write_text("gate bell a, b { h a; cx a, b; }\n")
    text = 'OPENQASM 2.0;\ninclude "qelib1.inc";\ninclude "bell.inc";\nqreg q[2];\nbell q[0], q[1];\n'
    (tmp_path / "sub" / "program.qasm").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert qcompile("check", tmp_path / "sub" / "program.qasm").returncode == 0


def test_loops_get_their_bound_from_the_command_line(qcompile: Run, source: Source) -> None:
    """Would catch `--loop-bound` not handed on, or a refusal that does not name it."""
    path = source("qubit q; bit c; h q; c = measure q; while (c) { h q; c = measure q; } return samples(c);")
    refused = qcompile("check", path)
    assert refused.returncode == 1
    assert f"error[{Code.UNBOUNDED.id}]" in refused.stderr
    assert "--loop-bound" in refused.stderr
    assert qcompile("check", path, "--loop-bound", 3).returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_measures_an_observable(command: str, qcompile: Run, source: Source) -> None:
    """Would catch a command that programs of other languages, which return nothing, cannot use."""
    path = source("qubit q; param t; rx(t) q;")
    done = qcompile(command, path, *COMMANDS[command], "--observable", "Z[0]")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "arguments", [("run",), ("run", "--grad"), ("grad",), ("train",), ("stats", "--grad")], ids=" ".join
)
def test_a_program_that_returns_nothing(arguments: tuple[str, ...], qcompile: Run, source: Source) -> None:
    """Would catch an empty result, which helps nobody."""
    command, *options = arguments
    done = qcompile(command, source("qubit q; param t; rx(t) q;"), *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error[{Code.NO_OUTPUT.id}]" in done.stderr
    assert "--observable" in done.stderr


def test_check_warns(qcompile: Run, source: Source) -> None:
    """Would catch warnings that fail a build, or are not said and counted."""
    path = source(IDLE)
    done = qcompile("check", path)
    assert done.returncode == 0
    assert f"warning[{Code.NO_INFLUENCE.id}]" in done.stderr
    assert f"warning[{Code.NO_EFFECT.id}]" in done.stderr
    assert done.stderr.endswith("\n2 warnings\n")
    assert qcompile("check", "--strict", path).returncode == 1
    assert qcompile("check", "--strict", "examples/h2.qc").returncode == 0


def test_many_warnings_are_counted(qcompile: Run, source: Source) -> None:
    """Would catch a screen that scrolls away, or warnings that are not counted."""
    done = qcompile("check", source("".join(f"param p{k};\n" for k in range(MAX_WARNINGS + 5))))
    assert done.stderr.count("warning[") == MAX_WARNINGS
    assert done.stderr.endswith(f"\n{MAX_WARNINGS + 5} warnings, the first {MAX_WARNINGS} of them shown\n")


def test_warnings_as_json(qcompile: Run, source: Source) -> None:
    """Would catch a warning that editors cannot tell from an error, or cannot place."""
    done = qcompile("check", source(IDLE), "--json")
    assert (done.returncode, done.stderr) == (0, "")
    first, second = json.loads(done.stdout)["diagnostics"]
    assert {first["severity"], second["severity"]} == {"warning"}
    place = {key: second[key] for key in ("code", "line", "column", "end_line", "end_column")}
    assert place == {"code": Code.NO_EFFECT.id, "line": 3, "column": 1, "end_line": 3, "end_column": 11}


def test_what_is_left_out_is_said(qcompile: Run, source: Source) -> None:
    """Would catch a statement dropped in silence, on the terminal and in JSON."""
    path = source('PRAGMA INITIAL_REWIRING "NAIVE"\nH 0\n', "program.quil")
    done = qcompile("emit", path, "--to", "openqasm3")
    assert done.returncode == 0
    assert f"warning[{Code.DROPPED.id}]" in done.stderr
    assert done.stderr.endswith("\n1 warning\n")
    as_json = qcompile("emit", path, "--to", "openqasm3", "--json")
    assert as_json.stderr == ""
    record = json.loads(as_json.stdout)
    assert record["text"] == done.stdout
    assert [said["code"] for said in record["diagnostics"]] == [Code.DROPPED.id]


def test_results_as_json_name_the_file(qcompile: Run, tmp_path: Path) -> None:
    """Would catch `--json` that prints the text although it went to a file."""
    output = tmp_path / "h2.quil"
    done = qcompile("emit", "examples/h2.qc", "--to", "quil", "-o", output, "--json")
    assert json.loads(done.stdout) == {"file": str(output)}
    assert output.exists()
    assert json.loads(qcompile("opt", "examples/h2.qc", "--json").stdout)["text"].startswith("qubit q[4];")


def test_several_errors_are_counted(qcompile: Run, source: Source) -> None:
    """Would catch a count that is not of what is shown."""
    done = qcompile("check", source("qubit q;\nx r;\ny s;\n"))
    assert done.stderr.count("error[") == 2
    assert done.stderr.endswith(f"\n2 errors; `qcompile explain {Code.UNKNOWN_NAME.id}` says more\n")


@pytest.mark.parametrize("rate", ["inf", "nan", "-1", "0"])
def test_rates_are_finite(rate: str, qcompile: Run) -> None:
    """Would catch training by a step that leads nowhere."""
    assert qcompile("train", "examples/h2.qc", "--rate", rate).returncode == 2


def test_a_failing_import_is_our_fault(qcompile: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a traceback where the reporter of faults itself needs what is broken."""
    for name in [name for name in sys.modules if name.startswith("qcompile.targets")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "qcompile.targets", None)
    done = qcompile("emit", "examples/h2.qc", "--to", "quil")
    assert done.returncode == 70
    assert "Traceback" not in done.stderr
