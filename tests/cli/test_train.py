"""`qcompile train`: its options reach the training, its files are written, and Ctrl-C keeps what there is."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from trained_programs import h2

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.learn.loss import Loss

Run = Callable[..., CompletedProcess[str]]
Source = Callable[..., Path]
FED = "qubit q; param t; input x[2]; input y; ry(t + x[0]*x[1]) q; return expect(-y*Z[0]);"


def test_files_are_written(qcompile: Run, tmp_path: Path) -> None:
    """Would catch an option that does not reach the training, or a file under another name."""
    run, log, plot = tmp_path / "run.json", tmp_path / "log.jsonl", tmp_path / "run.svg"
    files = ("--checkpoint", run, "--log", log, "--plot", plot, "--checkpoint-steps", 2)
    done = qcompile("train", "examples/h2.qc", "--steps", 5, "--json", *files)
    record = json.loads(done.stdout)
    assert (record["steps"], record["evaluations"], record["stopped"]) == (5, 5, "steps")
    assert [json.loads(line)["value"] for line in log.read_text().splitlines()] == record["history"]
    assert "h2.qc, adam" in plot.read_text()
    more = qcompile("train", "examples/h2.qc", "--steps", 9, "--json", "--resume", *files)
    whole = qcompile("train", "examples/h2.qc", "--steps", 9, "--json")
    assert json.loads(more.stdout) == json.loads(whole.stdout)
    assert len(log.read_text().splitlines()) == 9


@pytest.mark.parametrize(
    ("options", "stopped"),
    [
        (("--target", -1.13), "target"),
        (("--tolerance", 0.01), "gradient"),
        (("--change", 0.01, "--window", 3), "settled"),
        (("--seconds", 1e-9), "seconds"),
        (("--evaluations", 4), "evaluations"),
        (("--optimizer", "rotosolve"), "finished"),
    ],
    ids=str,
)
def test_rules_are_heeded(qcompile: Run, options: tuple[Any, ...], stopped: str) -> None:
    """Would catch a rule of the command line that is dropped."""
    done = qcompile("train", "examples/h2.qc", "--json", *options)
    assert json.loads(done.stdout)["stopped"] == stopped


def test_shots_and_methods_are_heeded(qcompile: Run) -> None:
    """Would catch options of evaluations that are dropped."""
    base = ("train", "examples/h2.qc", "--steps", 3, "--optimizer", "sgd", "--json")
    exact, shots, seeded, coarse = (
        json.loads(qcompile(*base, *options).stdout)["history"]
        for options in ((), ("--shots", 50), ("--shots", 50, "--seed", 2), ("--method", "finite-differences{step=1}"))
    )
    assert exact != shots != seeded
    assert coarse[0] == exact[0]
    assert coarse[2] != pytest.approx(exact[2], abs=1e-6)


def test_a_client_is_trained_on(qcompile: Run) -> None:
    """Would catch a training that stays on the simulator: both give the same values."""
    base = ("train", "examples/h2.qc", "--steps", 2, "--optimizer", "sgd", "--json")
    here, there = (json.loads(qcompile(*base, *options).stdout)["history"] for options in ((), ("--on", "qiskit")))
    assert there == pytest.approx(here, abs=1e-9)


def test_data_is_fed_row_by_row(qcompile: Run, source: Source) -> None:
    """Would catch columns or rows mixed up: the first value is a mean that is known."""
    path = source(FED)
    table = source("y, x[1], x[0]\n1, 0.5, 2\n\n-1, 0.2, 3\n1, 0, 9\n", "data.csv")
    done = qcompile("train", path, "--data", table, "--set", "t=0.3", "--steps", 1, "--json")
    from math import cos

    mean = (-cos(0.3 + 1.0) + cos(0.3 + 0.6) - cos(0.3)) / 3
    assert json.loads(done.stdout)["history"] == [pytest.approx(mean)]
    batched = qcompile("train", path, "--data", table, "--batch-size", 1, "--steps", 4, "--seed", 1, "--json")
    assert json.loads(batched.stdout)["steps"] == 4


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("", "no rows"),
        ("x[0],x[1],y\n", "no rows"),
        ("x[0],x[1],z\n1,2,3\n", "no input `z`"),
        ("x[0],x[1],t\n1,2,3\n", "no input `t`"),
        ("x[0],y\n1,2\n", "`x[1]` is missing"),
        ("x[0],x[1],y,y\n1,2,3,4\n", "names an input twice"),
        ("x[0],x[1],y\n1,2\n", "line 2 has 2 columns"),
        ("x[0],x[1],y\n1,2,much\n", "line 2 holds what is no number"),
    ],
)
def test_data_at_fault_is_said(qcompile: Run, source: Source, text: str, label: str) -> None:
    """Would catch a traceback, or a row that is fed to another input."""
    done = qcompile("train", source(FED), "--data", source(text, "data.csv"))
    assert done.returncode == 1
    assert label in done.stderr
    assert Code.BAD_VALUE.id in done.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--resume",), 2),
        (("--checkpoint-steps", 0), 2),
        (("--target", "nan"), 2),
        (("--seconds", 0), 2),
        (("--plot", "run.pdf"), 1),
        (("--checkpoint", "no/such/folder/run.json"), 1),
        (("--checkpoint", "no-such-run.json", "--resume"), 1),
        (("--batch-size", 2), 1),
        (("--optimizer", "magic"), 2),
        (("--optimizer", "tourch.adam"), 2),
        (("--optimizer", "torch.magic"), 1),
        (("--optimizer", "torch.adam{betas=1}"), 1),
        (("--optimizer", "torch.muon"), 1),
    ],
    ids=str,
)
def test_options_at_fault_are_said(qcompile: Run, options: tuple[Any, ...], code: int) -> None:
    """Would catch a traceback, and a training that runs before it finds out."""
    done = qcompile("train", "examples/h2.qc", "--steps", 2, *options)
    assert done.returncode == code
    assert not done.stdout
    assert "Traceback" not in done.stderr


def nothing_found(_: str) -> None:
    """No package."""


def test_pictures_need_matplotlib(qcompile: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a training whose picture cannot be drawn in the end, and another exit code than a client's."""
    monkeypatch.setattr("importlib.util.find_spec", nothing_found)
    done = qcompile("train", "examples/h2.qc", "--plot", tmp_path / "x.svg")
    assert done.returncode == 3
    assert "pip install 'qcompile[plot]'" in done.stderr
    assert not done.stdout


def test_an_interruption_prints_the_best_so_far(qcompile: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch Ctrl-C that loses the result, or looks like success to a script."""
    evaluate, count = Loss.value_and_gradient, 0

    def interrupted(self: Loss, *rest: Any) -> Any:
        nonlocal count
        count += 1
        if count == 4:
            raise KeyboardInterrupt
        return evaluate(self, *rest)

    monkeypatch.setattr(Loss, "value_and_gradient", interrupted)
    done = qcompile("train", "examples/h2.qc", "--json")
    record = json.loads(done.stdout)
    assert done.returncode == 130
    assert "interrupted: the best of 3 evaluations" in done.stderr
    assert (record["steps"], record["stopped"], record["converged"]) == (3, "interrupted", False)


def test_a_frameworks_optimizer_trains(qcompile: Run) -> None:
    """Would catch options in braces or a rate that do not reach it: the same steps are taken from Python."""
    options = ("--optimizer", "torch.sgd{momentum=0.9, nesterov=true}", "--rate", 0.05, "--steps", 6)
    history = json.loads(qcompile("train", "examples/h2.qc", "--json", *options).stdout)["history"]
    assert history == list(qc.train(h2(), 6, "torch.sgd{momentum=0.9, nesterov=true}", 0.05).history)


def test_a_missing_framework_is_one_line_and_3(qcompile: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch another exit code than a missing client's, and an extra that is not named."""
    monkeypatch.setattr("importlib.util.find_spec", nothing_found)
    done = qcompile("train", "examples/h2.qc", "--optimizer", "optax.lion")
    assert done.returncode == 3
    assert "`optax.lion` needs the package `optax`" in done.stderr
    assert "pip install 'qcompile[jax]'" in done.stderr
    assert not done.stdout
