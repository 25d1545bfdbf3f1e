"""Settings as files: golden bundles, post-selection that the reader does, and the pages about measuring."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from clients import program_of

from qcompile.diagnostics import Code, CompileError
from qcompile.passes.differentiate import differentiate
from qcompile.targets import Bundle, bundle
from qcompile.targets.grouping import STRATEGIES, grouped, shots_needed

ROOT = Path(__file__).parents[2]
CASES = sorted((ROOT / "tests" / "golden" / "bundle").glob("*.qc"))
SEPARATOR = "# ---\n"
DATA = json.loads((ROOT / "tests" / "data" / "hamiltonians.json").read_text(encoding="utf-8"))


def manifest_of(made: Bundle) -> Any:
    return json.loads(made.files["manifest.json"])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_whole_bundle(path: Path) -> None:
    """Would catch any change of a setting's file, of what is read in it, or of which runs are kept."""
    given, separator, expected = path.read_text(encoding="utf-8").partition(SEPARATOR)
    assert separator
    assert given.startswith("// ")
    grouping: Any = given.splitlines()[1].removeprefix("// grouping=")
    assert grouping in STRATEGIES
    made = bundle(program_of(given), "openqasm3", grouping=grouping)
    parts = [f"# {name}\n{text}" for name, text in made.files.items() if name != "manifest.json"]
    manifest = manifest_of(made)
    parts += [f"# templates\n{json.dumps(manifest['templates'])}\n# settings\n"]
    parts += [f"{json.dumps(setting)}\n" for setting in manifest["settings"]]
    if os.environ.get("QCOMPILE_BLESS"):
        path.write_text(given + SEPARATOR + "".join(parts), encoding="utf-8")
        return
    assert "".join(parts) == expected


@pytest.mark.parametrize("language", ["openqasm3", "quil", "openqasm2"])
def test_post_selection_is_left_to_the_reader(language: str) -> None:
    """Would catch the statement in a text, a file for estimators that average over every run, and a cell misnamed."""
    text = (
        "qubit q[2]; bit c[3]; h q[0]; c[2] = measure q[0]; postselect c[2]; if (c[2]) { x q[1]; } return expect(Z[1]);"
    )
    made = bundle(program_of(text), language)
    manifest = manifest_of(made)
    assert [template["file"] for template in manifest["templates"]] == [None]
    assert all(len(setting["kept"]) == 1 for setting in manifest["settings"])
    for setting in manifest["settings"]:
        program = made.files[setting["file"]]
        ((cell, value),) = setting["kept"]
        assert value == 1
        assert all(name in program for name in [cell, *setting["cells"]])
        assert "postselect" not in program
        assert re.search(
            rf"({re.escape(cell)} = measure q\[0\]|MEASURE 0 {re.escape(cell)}|q\[0\] -> {re.escape(cell)})", program
        )


@pytest.mark.parametrize(
    "later",
    ["c[0] = measure q[1];", "if (c[1]) { c[0] = measure q[1]; }", "if (c[1]) { postselect c[0]; }"],
)
def test_selections_that_the_end_does_not_tell(later: str) -> None:
    """Would catch runs kept by a bit that something else was measured into, or by what holds in a branch only."""
    text = f"qubit q[2]; bit c[2]; c = measure q; postselect c[0]; {later} return expect(Z[1]);"
    with pytest.raises(CompileError) as caught:
        bundle(program_of(text), "openqasm3")
    assert caught.value.diagnostics[0].code is Code.UNSAYABLE


def test_a_bit_may_be_overwritten_before_it_is_selected_by() -> None:
    """Would catch a refusal of what the end does tell."""
    text = "qubit q[2]; bit c; c = measure q[0]; c = measure q[1]; postselect !c; return expect(Z[0]);"
    settings = manifest_of(bundle(program_of(text), "openqasm3"))["settings"]
    assert [setting["kept"] for setting in settings] == [[["bit_c[0]", 0]]] * len(settings)


def test_probabilities_are_read_with_the_words_of_zs() -> None:
    """Would catch a setting more than is needed, or outcomes in the wrong order of wires."""
    text = "qubit q[3]; h q[0]; return expect(Z[0] Z[1] + X[2]), probs(q[2], q[0]);"
    for grouping in STRATEGIES:
        first, second = manifest_of(bundle(program_of(text), "openqasm3", grouping=grouping))["settings"]
        assert first["basis"] == [["Z", 0], ["Z", 1], ["Z", 2]]
        assert [read for read in first["reads"] if read[0] == 1] == [[1, 0, 1, [2, 0]]]
        assert len(first["reads"]) == 2
        assert second["basis"] == [["X", 2]]


def test_photons_counted_tell_their_projectors() -> None:
    """Would catch a projector on k photons that no detector reads."""
    text = "qumode m[2]; displace(0.3, 0) m[0]; return expect(n2[0] + 0.5*n[0] + n0[0] n1[1] + x[1]);"
    settings = manifest_of(bundle(program_of(text), "blackbird"))["settings"]
    assert sorted(len(setting["reads"]) for setting in settings) in ([1, 3], [2, 2])
    assert {tuple(factor) for setting in settings for factor in setting["basis"]} == {("n", 0), ("n", 1), ("x", 1)}


@pytest.mark.parametrize("name", ["grouping", "shots", "certificates"])
def test_the_pages_run(name: str) -> None:
    """Would catch a page whose Python is out of date."""
    page = (ROOT / "docs" / "derivatives" / f"{name}.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    exec(code, {})  # noqa: S102


def test_the_page_tells_the_numbers_of_lithium_hydride() -> None:
    """Would catch a table that the search has left behind."""
    page = (ROOT / "docs" / "derivatives" / "grouping.md").read_text(encoding="utf-8")
    terms = {
        tuple((letter, wire) for wire, letter in enumerate(text) if letter != "I"): abs(coefficient)
        for text, coefficient in DATA["lih_1.546"]["terms"].items()
    }
    del terms[()]
    for strategy in STRATEGIES:
        groups = grouped(tuple(terms), tuple(terms.values()), strategy)
        assert f"| `{strategy}` | {len(groups)} | {shots_needed(groups, tuple(terms.values())):.2f} |" in page


def test_a_derivative_with_two_settings_counts_each_row_twice() -> None:
    """Would catch circuits counted by templates instead of rows."""
    program = program_of("qubit q; param a; ry(a) q; return expect(Z[0] + X[0]);")
    cost = manifest_of(bundle(differentiate(program), "quil"))["cost"]
    assert (cost["evaluations"], cost["settings"], cost["circuits"]) == (2, 2, 4)
