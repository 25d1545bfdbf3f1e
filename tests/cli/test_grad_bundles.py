"""What `grad` and `stats` say of measurements: groupings, shots and certificates."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from qcompile.cli.grad import GROUPINGS
from qcompile.targets.grouping import STRATEGIES

Run = Callable[..., CompletedProcess[str]]


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_groupings_are_those_that_there_are() -> None:
    """Would catch a grouping that the command line does not know."""
    assert GROUPINGS == STRATEGIES


def test_a_bundle_of_few_circuits(qcompile: Run, tmp_path: Path) -> None:
    """Would catch an option that is not passed on."""
    for grouping, count in zip(GROUPINGS, (5, 2), strict=True):
        folder = tmp_path / grouping
        assert qcompile("grad", "examples/h2.qc", "--to", "quil", "--grouping", grouping, "-o", folder).returncode == 0
        assert manifest(folder)["grouping"] == grouping
        assert len(manifest(folder)["settings"]) == count


def test_a_bundle_with_shots(qcompile: Run, tmp_path: Path) -> None:
    """Would catch shots, or the values that they are shared out for, not passed on."""
    given = ("grad", "examples/h2.qc", "--to", "quil", "--shots", 5000, "-o", tmp_path / "out")
    assert qcompile(*given).returncode == 0
    assert manifest(tmp_path / "out")["shots"]["variances"] == "prior"
    assert qcompile(*given, "--set", "theta=0.2").returncode == 0
    plan = manifest(tmp_path / "out")["shots"]
    assert (plan["variances"], plan["total"], sum(map(sum, plan["rows"]))) == ("simulated", 5000, 5000)


def test_options_that_go_together(qcompile: Run, tmp_path: Path) -> None:
    """Would catch shots without a bundle, or values without shots, left aside without a word."""
    assert qcompile("grad", "examples/h2.qc", "--shots", 100).returncode == 2
    assert qcompile("grad", "examples/h2.qc", "--to", "quil", "--set", "theta=1", "-o", tmp_path / "o").returncode == 2
    few = qcompile("grad", "examples/h2.qc", "--to", "quil", "--shots", 3, "-o", tmp_path / "o")
    assert few.returncode == 1
    assert "QC0603" in few.stderr


def test_the_certificates_of_a_gradient(qcompile: Run) -> None:
    """Would catch a column that is another's, and a total that counts a shared row twice."""
    record = json.loads(qcompile("stats", "examples/maxcut.qc", "--grad", "--json").stdout)["gradient"]
    entries = record["certificates"]
    assert [entry["wrt"] for entry in entries] == [["gamma[0]"], ["gamma[1]"], ["beta[0]"], ["beta[1]"]]
    assert all(entry["used"] <= entry["joint"] <= entry["naive"] for entry in entries)
    assert record["naive"] == sum(entry["naive"] for entry in entries) == 48
    lines = qcompile("stats", "examples/maxcut.qc", "--grad").stdout.splitlines()
    table = [line.split() for line in lines[lines.index(next(line for line in lines if line.startswith("by "))) :]]
    first = entries[0]
    least = "-" if first["least"] is None else str(first["least"])
    numbers = [str(first[name]) for name in ("used", "joint", "naive")]
    assert table[0] == ["by", "used", "joint", "naive", "least", "class"]
    assert table[1] == ["gamma[0]", *numbers, least, first["class"]]
    assert table[5][:2] == ["all", str(record["evaluations"])]
    assert [row[:3] for row in table[8:10]] == [
        [g["grouping"], str(g["settings"]), str(g["circuits"])] for g in record["groupings"]
    ]


def test_what_no_certificate_says_is_unknown(qcompile: Run, tmp_path: Path) -> None:
    """Would catch `naive 0` for a derivative by another method than shifts, and a method that was not asked for."""
    given = "examples/h2.qc", "--method", "hadamard{mode=reversed}"
    costs = json.loads(qcompile("grad", *given, "--json").stdout)
    assert (costs["method"], costs["naive"], costs["class"]) == (given[2], None, "exact with ancilla")
    assert "\nall    8     -      -      -      exact with ancilla\n" in qcompile("stats", "--grad", *given).stdout
    assert qcompile("grad", *given, "--to", "quil", "-o", tmp_path / "out").returncode == 0
    cost = manifest(tmp_path / "out")["cost"]
    assert (cost["naive"], cost["joint"], cost["least"]) == (None, None, None)


@pytest.mark.parametrize(
    ("method", "cure"),
    [
        ("hadamar", "did you mean `hadamard`?"),
        ("hadamard{mode=revers}", "did you mean `reversed`?"),
        ("hadamard{samples=2}", "its options: mode"),
        ("shift{mode=direct}", "its options: none"),
        ("spsa{samples=x}", "the default is 1"),
    ],
)
def test_a_method_that_there_is_not(method: str, cure: str, qcompile: Run) -> None:
    """Would catch an option left aside without a word, and a fault that leaves the user alone."""
    for command in (("grad",), ("run", "--grad", "--set", "theta=1"), ("stats", "--grad")):
        done = qcompile(*command, "examples/h2.qc", "--method", method)
        assert done.returncode == 1
        assert "error[QC0701]" in done.stderr
        assert cure in done.stderr


def test_an_adjoint_derivative_has_no_circuits_to_count(qcompile: Run) -> None:
    """Would catch `stats` that counts something else than it was asked."""
    done = qcompile("stats", "examples/h2.qc", "--grad", "--method", "adjoint")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[QC0503]" in done.stderr


def test_light_has_no_shots(qcompile: Run) -> None:
    """Would catch a number of shots where nothing bounds the variance."""
    record = json.loads(qcompile("stats", "examples/photonic_neuron.qc", "--grad", "--json").stdout)["gradient"]
    assert [grouping["shots"] for grouping in record["groupings"]] == [None, None]


def test_grad_tells_the_certificates(qcompile: Run) -> None:
    """Would catch a key that scripts read gone; an adjoint program has none."""
    record = json.loads(qcompile("grad", "examples/h2.qc", "--json").stdout)
    assert record["certificates"][0].keys() == {"wrt", "used", "joint", "naive", "least", "class"}
    assert json.loads(qcompile("grad", "examples/h2.qc", "--method", "adjoint", "--json").stdout)["certificates"] == []
