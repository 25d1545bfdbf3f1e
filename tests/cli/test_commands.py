"""Each command does what its help says."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import qcompile as qc
from qcompile.cli import cli
from qcompile.diagnostics import Code
from qcompile.gates import TABLE
from qcompile.passes import PASSES
from qcompile.targets.emit import LANGUAGES

Run = Callable[..., subprocess.CompletedProcess[str]]
Source = Callable[..., Path]
COMMANDS = [
    "check", "emit", "grad", "run", "train", "opt", "stats", "gates", "passes", "targets", "equiv", "explain", "draw",
    "fmt", "server", "warm",
]  # fmt: skip
ONE = "qubit q; param t; rx(t) q; return expect(Z[0]);"


def test_help_lists_every_command(qcompile: Run) -> None:
    """Would catch a command that is not added, or has no help."""
    done = qcompile("--help")
    assert done.returncode == 0
    listed = {line.split()[0]: line for line in done.stdout.partition("Commands:")[2].splitlines() if line.strip()}
    assert set(listed) == set(COMMANDS)
    assert all(len(line.split()) > 3 for line in listed.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, qcompile: Run) -> None:
    """Would catch an option without a word on what it does."""
    done = qcompile(command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: qcompile " + command)


def test_check_says_what_the_file_holds(qcompile: Run, source: Source) -> None:
    """Would catch a clean file reported as faulty, or nothing said of it."""
    done = qcompile("check", "examples/h2.qc", source(ONE))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("examples/h2.qc: 4 qubits, 1 parameter, 3 statements, 1 output\n")


def test_check_reads_the_standard_input(root: Path) -> None:
    """Would catch `-` taken for a file's name."""
    command = [sys.executable, "-m", "qcompile", "check", "-"]
    done = subprocess.run(command, input="qubit q; y z;", capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 1
    assert "<stdin>:1:" in done.stderr


def test_check_reports_all_files(qcompile: Run, source: Source) -> None:
    """Would catch a check that ends with the first faulty file."""
    done = qcompile("check", source("qubit q; y z;", "a.qc"), source("", "b.qc"), source(ONE, "c.qc"))
    assert done.returncode == 1
    assert Code.UNKNOWN_NAME.id in done.stderr
    assert Code.EMPTY.id in done.stderr
    assert "c.qc: 1 qubit" in done.stdout


def test_check_as_json(qcompile: Run, source: Source) -> None:
    """Would catch a place that editors cannot jump to."""
    path = source("qubit q;\ny z;\n")
    done = qcompile("check", path, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    [found] = json.loads(done.stdout)["diagnostics"]
    assert (found["code"], found["file"], found["line"], found["column"]) == (Code.UNKNOWN_NAME.id, str(path), 2, 3)
    assert json.loads(qcompile("check", "examples/h2.qc", "--json").stdout) == {"diagnostics": []}


@pytest.mark.parametrize(("language", "beginning"), [("quil", "DECLARE"), ("openqasm3", "OPENQASM 3"), ("qc", "qubit")])
def test_emit(language: str, beginning: str, qcompile: Run, tmp_path: Path) -> None:
    """Would catch another text in the file than on the standard output."""
    done = qcompile("emit", "examples/h2.qc", "--to", language)
    assert done.returncode == 0
    assert done.stdout.startswith(beginning)
    output = tmp_path / "out"
    assert qcompile("emit", "examples/h2.qc", "--to", language, "-o", output).stdout == ""
    assert output.read_text(encoding="utf-8") == done.stdout


def test_emit_with_values(qcompile: Run) -> None:
    """Would catch a parameter left free after `--set`."""
    done = qcompile("emit", "examples/h2.qc", "--to", "openqasm2", "--set", "theta=0.25")
    assert done.returncode == 0
    assert done.stdout.startswith("OPENQASM 2.0;")
    assert "theta" not in done.stdout


@pytest.mark.parametrize(
    ("setting", "code"), [("thea=1", Code.UNKNOWN_NAME), ("theta=1,2", Code.BAD_VALUE), ("theta=inf", Code.BAD_VALUE)]
)
def test_emit_with_bad_values(setting: str, code: Code, qcompile: Run) -> None:
    """Would catch values dropped in silence."""
    done = qcompile("emit", "examples/h2.qc", "--to", "quil", "--set", setting)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error[{code.id}]" in done.stderr


def test_grad_prints_the_derivative_as_a_program(qcompile: Run, tmp_path: Path) -> None:
    """Would catch a derivative that cannot be read back, run and differentiated again."""
    output = tmp_path / "derivative.qc"
    assert qcompile("grad", "examples/h2.qc", "-o", output).returncode == 0
    printed = qcompile("grad", "examples/h2.qc").stdout
    assert output.read_text(encoding="utf-8") == printed
    assert isinstance(qc.load(output), qc.Shifted)
    value = json.loads(qcompile("run", output, "--set", "theta=0.2", "--json").stdout)["value"]
    assert value == pytest.approx([-1.13699402747, -0.02113015493], abs=1e-10)
    assert "wrt theta, theta" in qcompile("grad", output).stdout


def test_grad_by_the_adjoint_method(qcompile: Run) -> None:
    """Would catch the method not heeded."""
    assert qcompile("grad", "examples/h2.qc", "--method", "adjoint").stdout.startswith("adjoint;\n")


def test_grad_by_one_parameter(qcompile: Run) -> None:
    """Would catch `--wrt` not heeded."""
    done = qcompile("grad", "examples/maxcut.qc", "--wrt", "gamma[1]", "--json")
    components = json.loads(done.stdout)["components"]
    assert [component["wrt"] for component in components] == [[], ["gamma[1]"]]


def test_grad_as_json(qcompile: Run) -> None:
    """Would catch a key that scripts read by name gone."""
    record = json.loads(qcompile("grad", "examples/h2.qc", "--json").stdout)
    assert (record["class"], record["evaluations"], record["naive"]) == ("exact", 2, 4)


def test_grad_writes_a_bundle(qcompile: Run, tmp_path: Path) -> None:
    """Would catch a bundle without its manifest, and one that cannot be made again in its place."""
    folder = tmp_path / "bundle"
    for _ in range(2):
        assert qcompile("grad", "examples/h2.qc", "--to", "quil", "-o", folder).returncode == 0
    names = {path.name for path in folder.iterdir()}
    assert {"manifest.json", "t0.quil"} <= names
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["language"] == "quil"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_grad_to_a_language_asks_for_the_folder(qcompile: Run) -> None:
    """Would catch a bundle written to a folder that nobody named."""
    assert qcompile("grad", "examples/h2.qc", "--to", "quil").returncode == 2


def test_run(qcompile: Run) -> None:
    """Would catch a wrong value, or one that is not shown."""
    done = qcompile("run", "examples/h2.qc", "--set", "theta=0.2")
    assert done.returncode == 0
    assert done.stdout.split()[0] == "value"
    assert float(done.stdout.split()[1]) == pytest.approx(-1.13699402747, abs=1e-10)


@pytest.mark.parametrize("method", ["auto", "adjoint", "shift"])
def test_run_with_the_gradient_as_json(method: str, qcompile: Run) -> None:
    """Would catch a key that scripts read by name gone, or a gradient that depends on the method."""
    done = qcompile("run", "examples/h2.qc", "--set", "theta=0.2", "--grad", "--method", method, "--json")
    record = json.loads(done.stdout)
    assert {"value", "gradient", "class", "evaluations", "naive"} <= set(record)
    assert record["method"] == ("adjoint" if method == "auto" else method)
    assert record["gradient"]["theta"] == pytest.approx(-0.02113015493, abs=1e-10)
    assert record["class"] == "exact"
    assert record["evaluations"] == (2 if method == "shift" else 1)


def test_run_fills_arrays_with_commas(qcompile: Run) -> None:
    """Would catch commas taken for a batch."""
    done = qcompile("run", "examples/maxcut.qc", "--set", "gamma=0.3,0", "--set", "beta=0.4,0", "--grad", "--json")
    record = json.loads(done.stdout)
    assert 6 + 2 * record["value"] == pytest.approx(2.794925002007311)
    assert [len(record["gradient"][name]) for name in ("gamma", "beta")] == [2, 2]


def test_run_measures_an_observable(qcompile: Run, source: Source) -> None:
    """Would catch an observable that is not measured, or read in another order of wires."""
    bell = source("qubit q[2]; h q[0]; cx q[0], q[1];")
    done = qcompile("run", bell, "--observable", "Z[0] Z[1] + 0.5*X[1]", "--json")
    assert json.loads(done.stdout)["value"] == pytest.approx(1.0)
    refused = qcompile("run", bell, "--observable", "Z[0] Z[5]")
    assert refused.returncode == 1
    assert f"error[{Code.INDEX_RANGE.id}]" in refused.stderr


def test_run_samples_by_seed(qcompile: Run, source: Source) -> None:
    """Would catch shots that no seed repeats."""
    coins = source("qubit q[3]; bit c[3]; h q; c = measure q; return samples(c);")
    first, again, other = (qcompile("run", coins, "--shots", 20, "--seed", seed, "--json").stdout for seed in (1, 1, 2))
    assert first == again != other
    assert len(json.loads(first)["value"]) == 20


def test_run_prints_several_outputs(qcompile: Run, source: Source) -> None:
    """Would catch outputs that JSON cannot say: complex amplitudes, arrays, several of them."""
    path = source("qubit q; param t; rx(t) q; return state(), probs(q), expect(Z[0]);")
    state, probabilities, mean = json.loads(qcompile("run", path, "--set", "t=1", "--json").stdout)["value"]
    assert state == [pytest.approx([math.cos(0.5), 0]), pytest.approx([0, -math.sin(0.5)])]
    assert probabilities == pytest.approx([math.cos(0.5) ** 2, math.sin(0.5) ** 2])
    assert mean == pytest.approx(math.cos(1))
    assert "[2]" in qcompile("run", path, "--set", "t=1").stdout


def test_run_says_what_the_cut_lost(qcompile: Run, source: Source) -> None:
    """Would catch an approximate result printed as exact."""
    path = source("qumode m; param r; displace(r, 0) m; cubic(0.01) m; return expect(n[0]);")
    rough = qcompile("run", path, "--set", "r=1.5", "--grad", "--cutoff", 5, "--json")
    assert json.loads(rough.stdout)["class"] == "approximate"
    assert "--cutoff" in rough.stderr
    fine = qcompile("run", path, "--set", "r=0.2", "--grad", "--cutoff", 30, "--json")
    assert json.loads(fine.stdout)["class"] == "exact"
    assert not fine.stderr


def test_train(qcompile: Run) -> None:
    """Would catch training that does not reach H2's exact energy, or prints a progress bar into a file."""
    done = qcompile("train", "examples/h2.qc", "--json")
    record = json.loads(done.stdout)
    assert not done.stderr
    assert record["value"] == pytest.approx(-1.1372701747, abs=1e-8)
    assert record["converged"] is True
    assert record["steps"] == len(record["history"])


def test_train_starts_where_told(qcompile: Run) -> None:
    """Would catch start values or inputs that are dropped."""
    options = ("--steps", 1, "--json")
    start = json.loads(qcompile("train", "examples/h2.qc", "--set", "theta=0.2", *options).stdout)
    assert start["history"] == [pytest.approx(-1.13699402747, abs=1e-10)]
    fed = qcompile("train", "examples/classifier.qc", "--set", "x=0.1,0.2,0.3,0.4", *options)
    assert fed.returncode == 0
    hungry = qcompile("train", "examples/classifier.qc", *options)
    assert hungry.returncode == 1
    assert Code.UNBOUND.id in hungry.stdout


def test_opt_runs_the_passes_named(qcompile: Run, source: Source) -> None:
    """Would catch passes that are not run, or not in the order named."""
    path = source("qubit q[2]; h q[0]; h q[0]; rz(0.1) q[1]; rz(0.2) q[1]; return state();")
    cancelled = qcompile("opt", path, "--passes", "cancel-inverses").stdout
    assert "h q[0]" not in cancelled
    assert cancelled.count("rz(") == 2
    assert qcompile("opt", path, "--passes", "cancel-inverses,merge-rotations").stdout.count("rz(") == 1
    assert qcompile("opt", path, "-O", 0).stdout.count("h q[0]") == 2
    refused = qcompile("opt", path, "--passes", "cancel-inverse")
    assert refused.returncode == 1
    assert "did you mean `cancel-inverses`" in refused.stderr


def test_opt_prints_after_passes(qcompile: Run, source: Source) -> None:
    """Would catch a program printed after the wrong pass."""
    path = source("qubit q[2]; h q[0]; h q[0]; rz(0.1) q[1]; rz(0.2) q[1]; return state();")
    passes = "inline,cancel-inverses,merge-rotations"
    done = qcompile("opt", path, "--passes", passes, "--print-after", "all", "--verify-each", "--statistics")
    blocks = done.stderr.split("// after ")[1:]
    assert [block.split()[0] for block in blocks] == passes.split(",")
    assert ["h q[0]" in block for block in blocks] == [True, False, False]
    one = qcompile("opt", path, "--passes", passes, "--print-after", "cancel-inverses")
    assert one.stderr.count("// after") == 1
    assert qcompile("opt", path, "--print-after", "nonsense").returncode == 2


def test_stats(qcompile: Run, source: Source) -> None:
    """Would catch a count that is not the program's, or a level that is left out."""
    path = source("qubit q[2]; param t; cx q[0], q[1]; cx q[0], q[1]; rx(t) q[0]; return expect(Z[0]);")
    record = json.loads(qcompile("stats", path, "--grad", "--json").stdout)
    assert record["cost"]["as written"] == {"two_qubit": 2, "slots": 1, "gates": 3, "depth": 3}
    assert record["cost"]["-O2"] == {"two_qubit": 0, "slots": 1, "gates": 1, "depth": 1}
    assert record["gradient"]["evaluations"] == 2
    table = qcompile("stats", path).stdout
    assert [line.split()[0] for line in table.splitlines()[1:]] == ["as", "-O0", "-O1", "-O2", "-O3"]


def test_equiv(qcompile: Run, source: Source) -> None:
    """Would catch unequal programs called equal, and a global phase overlooked."""
    a = source("qubit q[2]; param t; h q[1]; cx q[0], q[1]; h q[1]; rz(t) q[0];", "a.qc")
    b = source("qubit q[2]; param t; rz(t) q[0]; cz q[0], q[1];", "b.qc")
    phase = source("qubit q[2]; param t; p(t) q[0]; cz q[0], q[1];", "phase.qc")
    other = source("qubit q[2]; param t; rz(t) q[1]; cz q[0], q[1];", "other.qc")
    assert qcompile("equiv", a, b).returncode == 0
    assert qcompile("equiv", a, phase).returncode == 1
    assert qcompile("equiv", a, phase, "--up-to-phase").returncode == 0
    unequal = qcompile("equiv", a, other, "--up-to-phase", "--json")
    assert unequal.returncode == 1
    assert json.loads(unequal.stdout)["equal"] is False


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("qubit q[2]; bit c[1]; c[0] = measure q[0];", Code.NOT_SIMULABLE),
        ("qumode q[2]; rotate(0.1) q[0];", Code.NOT_SIMULABLE),
        ("qubit q[11]; h q[0];", Code.TOO_LARGE),
        ("qubit q[3]; h q[0];", Code.WRONG_ARITY),
    ],
)
def test_what_equiv_refuses(text: str, code: Code, qcompile: Run, source: Source) -> None:
    """Would catch a verdict on programs that have no unitary to compare."""
    done = qcompile("equiv", source(text, "a.qc"), source("qubit q[2]; h q[0];", "b.qc"))
    assert done.returncode == 1
    assert f"error[{code.id}]" in done.stderr


def test_explain_refuses_what_is_no_code(qcompile: Run) -> None:
    """Would catch a KeyError getting through."""
    assert qcompile("explain", "QC9999").returncode == 2


@pytest.mark.parametrize(
    ("command", "names"), [("gates", set(TABLE)), ("passes", set(PASSES)), ("targets", {"qc", *LANGUAGES})]
)
def test_lists(command: str, names: set[str], qcompile: Run) -> None:
    """Would catch a list kept apart from the table it is of."""
    assert {row["name"] for row in json.loads(qcompile(command, "--json").stdout)} == names
    lines = qcompile(command).stdout.splitlines()
    assert {line.split()[0] for line in lines[1:]} == names


NOISY = "qubit q; param t; ry(t) q; depolarizing(0.1) q; ry(0.2) q; return expect(Z[0]);"


@pytest.mark.parametrize(
    ("engine", "options", "kind", "extra"),
    [
        ("density", [], None, set[str]()),
        ("trajectories", ["--shots", "50", "--seed", "1"], "unbiased", {"standard_error"}),
    ],
)
def test_run_tells_the_class_that_the_engine_gives(
    tmp_path: Path, engine: str, options: list[str], kind: str | None, extra: set[str]
) -> None:
    """Would catch means over trajectories passed off as exact, and exact values said to have an error."""
    file = tmp_path / "noisy.qc"
    file.write_text(NOISY)
    done = CliRunner().invoke(cli, ["run", str(file), "--set", "t=0.3", "--engine", engine, "--json", *options])
    record = json.loads(done.stdout)
    assert record.get("class") == kind
    assert extra == record.keys() - {"value", "class"}
    done = CliRunner().invoke(
        cli, ["run", str(file), "--grad", "--set", "t=0.3", "--engine", engine, "--json", *options]
    )
    assert json.loads(done.stdout)["class"] == (kind or "exact")
    assert ("gradient_error" in json.loads(done.stdout)) == bool(kind)
