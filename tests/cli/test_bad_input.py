"""What users get wrong: each a diagnostic with a code and exit 1, no traceback, and no file left half-written."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qcompile.diagnostics import Code

Run = Callable[..., subprocess.CompletedProcess[str]]
Source = Callable[..., Path]

FAULTS: dict[str, tuple[str | bytes, Code]] = {
    "empty file": ("", Code.EMPTY),
    "comments only": ("// nothing\n", Code.EMPTY),
    "binary": (b"\x7fELF\x02\x01\x00\x00\xff\xfe", Code.NOT_TEXT),
    "latin-1": ("qubit q; // caf\xe9".encode("latin-1"), Code.NOT_TEXT),
    "syntax": ("qubit q[2; x q;", Code.SYNTAX),
    "unknown gate": ("qubit q[1]; frobnicate q[0];", Code.UNKNOWN_GATE),
    "repeated wire": ("qubit q[2]; cx q[0], q[0];", Code.REPEATED_WIRE),
    "index out of range": ("qubit q[2]; x q[2];", Code.INDEX_RANGE),
    "undeclared register": ("qubit q[1]; x r[0];", Code.UNKNOWN_NAME),
    "undeclared parameter": ("qubit q[1]; rx(theta) q[0];", Code.UNKNOWN_NAME),
    "qumode given to a qubit gate": ("qumode m[1]; rx(0.1) m[0];", Code.WRONG_KIND),
    "qubit given to a photonic gate": ("qubit q[1]; rotate(0.1) q[0];", Code.WRONG_KIND),
    "non-Hermitian observable": ("qumode m[1]; return expect(x[0] p[0]);", Code.NOT_HERMITIAN),
    "trainable loop bound": ("qubit q[2]; param n; for i in 0:n { x q[i]; }", Code.NOT_CONSTANT),
    "trainable size": ("param n; qubit q[n];", Code.NOT_CONSTANT),
}
COMMANDS = {
    "check": ("check",),
    "emit": ("emit", "--to", "qc"),
    "grad": ("grad",),
    "run": ("run",),
    "train": ("train",),
    "opt": ("opt",),
    "stats": ("stats",),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_command_says_what_is_wrong(fault: str, tmp_path: Path, source: Source, root: Path) -> None:
    """Would catch a traceback, a wrong exit code, a wrong code, or an output file made for a bad program."""
    text, code = FAULTS[fault]
    output = tmp_path / "out.quil"
    arguments = ["emit", str(source(text)), "--to", "quil", "-o", str(output)]
    done = subprocess.run(
        [sys.executable, "-m", "qcompile", *arguments], capture_output=True, text=True, check=False, cwd=root
    )
    assert done.returncode == 1, done.stderr
    assert f"error[{code.id}]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout
    assert sorted(tmp_path.iterdir()) == [tmp_path / "program.qc"]


@pytest.mark.parametrize("command", ["check", "grad", "run", "train", "stats"])
def test_json_holds_errors_too(command: str, qcompile: Run, source: Source) -> None:
    """Would catch a command whose faults a program cannot read."""
    done = qcompile(command, source("qubit q[2];\ncx q[0], q[0];\n"), "--json")
    assert (done.returncode, done.stderr) == (1, "")
    [found] = json.loads(done.stdout)["diagnostics"]
    assert (found["code"], found["line"], found["column"]) == (Code.REPEATED_WIRE.id, 2, 10)


def test_far_too_many_statements_are_refused_at_once(qcompile: Run, source: Source) -> None:
    """Would catch minutes of reading what is refused in the end; semicolons in comments do not count."""
    done = qcompile("check", source(";" * 2_000_001))
    assert done.returncode == 1
    assert f"error[{Code.TOO_LARGE.id}]" in done.stderr
    assert qcompile("check", source("qubit q; // " + ";" * 2_000_001)).returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_alike(command: str, qcompile: Run, source: Source) -> None:
    """Would catch a command that reads programs some way of its own."""
    name, *options = COMMANDS[command]
    done = qcompile(name, source("qubit q[2]; cx q[0], q[0]; return expect(Z[0]);"), *options)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error[{Code.REPEATED_WIRE.id}]" in done.stderr


def test_several_faults_are_reported_at_once(qcompile: Run, source: Source) -> None:
    """Would catch a reader that stops at the first fault."""
    done = qcompile("check", source("qubit q[2];\nx q[5];\ncx q[0], q[0];\nfrobnicate q[0];\n"))
    assert done.returncode == 1
    for code in (Code.INDEX_RANGE, Code.REPEATED_WIRE, Code.UNKNOWN_GATE):
        assert f"error[{code.id}]" in done.stderr


@pytest.mark.parametrize("text", ["qubit q[1000000000]; h q[0]; return expect(Z[0]);", "qubit q[60]; return state();"])
def test_too_many_qubits_are_refused_before_memory_is_taken(text: str, qcompile: Run, source: Source) -> None:
    """Would catch an out-of-memory kill."""
    done = qcompile("run", source(text))
    assert done.returncode == 1
    assert f"error[{Code.TOO_LARGE.id}]" in done.stderr


def test_a_missing_file(qcompile: Run, tmp_path: Path) -> None:
    """Would catch FileNotFoundError getting through."""
    done = qcompile("check", tmp_path / "none.qc")
    assert done.returncode == 1
    assert f"error[{Code.UNREADABLE.id}]" in done.stderr
    assert "no such file" in done.stderr
    (tmp_path / "nine.qc").touch()
    assert "did you mean `nine.qc`?" in qcompile("check", tmp_path / "none.qc").stderr


def test_a_folder(qcompile: Run, tmp_path: Path) -> None:
    """Would catch IsADirectoryError getting through."""
    folder = tmp_path / "folder.qc"
    folder.mkdir()
    done = qcompile("check", folder)
    assert done.returncode == 1
    assert f"error[{Code.UNREADABLE.id}]" in done.stderr


def test_another_ending(qcompile: Run, source: Source) -> None:
    """Would catch a file read in a language that it is not in."""
    done = qcompile("check", source("qubit q;", "program.txt"))
    assert done.returncode == 1
    assert f"error[{Code.UNKNOWN_LANGUAGE.id}]" in done.stderr
    assert "help:" in done.stderr


def test_an_endless_file_is_not_read_to_its_end(qcompile: Run, tmp_path: Path) -> None:
    """Would catch a read without a bound."""
    link = tmp_path / "zeros.qc"
    link.symlink_to("/dev/zero")
    done = qcompile("check", link)
    assert done.returncode == 1
    assert f"error[{Code.TOO_LARGE.id}]" in done.stderr


def test_output_that_cannot_be_written(qcompile: Run, tmp_path: Path) -> None:
    """Would catch an OSError getting through, or parts of the output left behind."""
    done = qcompile("emit", "examples/h2.qc", "--to", "quil", "-o", tmp_path / "none" / "h2.quil")
    assert done.returncode == 1
    assert f"error[{Code.UNWRITABLE.id}]" in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_failed_run_keeps_the_old_output(qcompile: Run, source: Source, tmp_path: Path) -> None:
    """Would catch an output file that is opened before its text is there."""
    output = tmp_path / "kept.quil"
    output.write_text("as it was")
    done = qcompile("emit", source("qumode m[1]; rotate(0.1) m[0];"), "--to", "quil", "-o", output)
    assert done.returncode == 1
    assert f"error[{Code.UNSAYABLE.id}]" in done.stderr
    assert output.read_text() == "as it was"


def test_written_files_have_ordinary_permissions(qcompile: Run, tmp_path: Path) -> None:
    """Would catch the private mode of temporary files on what users asked for."""
    output = tmp_path / "h2.quil"
    mask = os.umask(0o022)
    try:
        assert qcompile("emit", "examples/h2.qc", "--to", "quil", "-o", output).returncode == 0
    finally:
        os.umask(mask)
    assert output.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ((), Code.UNBOUND),
        (("--set", "theta=1,2"), Code.BAD_VALUE),
        (("--set", "theta=nan"), Code.BAD_VALUE),
        (("--set", "theta=1", "--set", "thets=1"), Code.BAD_VALUE),
    ],
)
def test_bad_settings(settings: tuple[str, ...], code: Code, qcompile: Run) -> None:
    """Would catch a value taken for another's, or none for zero."""
    done = qcompile("run", "examples/h2.qc", *settings)
    assert done.returncode == 1
    assert f"error[{code.id}]" in done.stderr


def test_openqasm2_asks_for_the_parameters(qcompile: Run) -> None:
    """Would catch a free parameter written into a language that has none."""
    done = qcompile("emit", "examples/h2.qc", "--to", "openqasm2")
    assert done.returncode == 1
    assert f"error[{Code.UNBOUND.id}]" in done.stderr
    assert "--set theta=" in done.stderr


def test_the_kerr_neuron_has_no_shift_rule(qcompile: Run) -> None:
    """Would catch a wrong gradient without a word; the help names the way out."""
    done = qcompile("grad", "examples/photonic_neuron_kerr.qc", "--method", "shift")
    assert done.returncode == 1
    assert f"error[{Code.NO_RULE.id}]" in done.stderr
    assert "--method adjoint" in done.stderr


def test_adjoint_programs_are_not_for_hardware(qcompile: Run, tmp_path: Path) -> None:
    """Would catch an adjoint program sent where no machine can run it."""
    folder = tmp_path / "bundle"
    done = qcompile("grad", "examples/h2.qc", "--method", "adjoint", "--to", "quil", "-o", folder)
    assert done.returncode == 1
    assert f"error[{Code.METHOD.id}]" in done.stderr
    assert not folder.exists()


def test_a_folder_with_other_files_is_left_alone(qcompile: Run, tmp_path: Path) -> None:
    """Would catch a bundle that replaces somebody's folder."""
    (tmp_path / "thesis.tex").write_text("years of work")
    done = qcompile("grad", "examples/h2.qc", "--to", "quil", "-o", tmp_path)
    assert done.returncode == 1
    assert f"error[{Code.UNWRITABLE.id}]" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_setting_is_a_number_or_a_constant(qcompile: Run) -> None:
    """Would catch `pi/2` refused or miscounted, and a name, a letter or nothing taken for a number."""
    done = qcompile("run", "examples/h2.qc", "--set", "theta=-2*pi/8")
    assert done.stdout == qcompile("run", "examples/h2.qc", "--set", "theta=-0.7853981633974483").stdout
    for text in ("theta=", "theta=phi", "theta=Z[0]", "theta=1;2", "theta", "=1", "theta=1,"):
        assert qcompile("run", "examples/h2.qc", "--set", text).returncode == 2
