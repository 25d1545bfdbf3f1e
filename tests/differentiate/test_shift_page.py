"""docs/derivatives: the programs of the pages on shifts run, and what they show is what the pass makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from every_method import program_of

import qcompile as qc
from qcompile.passes import Optimize
from qcompile.passes.differentiate import METHODS
from qcompile.passes.differentiate.spectra import DENSE_LIMIT, MOST_FREQUENCIES
from qcompile.passes.differentiate.words import MOST_WORDS

FOLDER = Path(__file__).parents[2] / "docs" / "derivatives"


def page(name: str) -> str:
    return (FOLDER / f"{name}.md").read_text(encoding="utf-8")


def blocks(name: str) -> list[str]:
    return re.findall(r"^```qc\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL)


def test_it_shows_what_the_pass_makes() -> None:
    """Would catch a page that tells of another rule."""
    program, derivative = blocks("shift")
    assert qc.to_text(Optimize(2)(qc.differentiate(qc.parse(program), "gamma", "shift"))) == derivative


def test_its_limits_are_those_of_the_code() -> None:
    text = page("shift")
    assert f"more than {MOST_WORDS} words" in text
    assert f"more than {DENSE_LIMIT} wires" in text
    assert f"more than {MOST_FREQUENCIES}\n" in text


def test_the_example_of_post_selection_runs() -> None:
    (text,) = blocks("known-wrong")
    assert qc.value_and_grad(program_of(text))(x=0.512)[1]["x"] == pytest.approx(0.48992175838, abs=1e-8)


def test_the_index_lists_every_page_and_every_method() -> None:
    """Would catch a page that nobody finds, and a link to one that is not there."""
    linked = set(re.findall(r"\]\((\w[\w-]*)\.md\)", page("README")))
    assert linked == {path.stem for path in FOLDER.glob("*.md")} - {"README"}
    assert all(f"`{method}`" in page("README") for method in METHODS)
