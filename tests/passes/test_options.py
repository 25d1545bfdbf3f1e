"""Options in braces: what they say, how they are written, and what they cannot say."""

from __future__ import annotations

from typing import Any

import pytest

import qcompile as qc
from qcompile.passes.options import Option, read_options, split_options, write_options

KNOWN = {
    "flag": Option(bool, False),
    "count": Option(int, 3),
    "number": Option(float, 0.5),
    "pair": Option(tuple, (0.9, 0.99)),
    "word": Option(str, "auto"),
}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x", {}),
        ("x{}", {}),
        (" x { flag = true , count=7 } ", {"flag": True, "count": 7}),
        ("x{number=-1.5e-3}", {"number": -1.5e-3}),
        ("x{number=.5,word=reversed}", {"number": 0.5, "word": "reversed"}),
        ("x{pair=(1, 2.5),count=0}", {"pair": (1, 2.5), "count": 0}),
    ],
)
def test_options_are_read(text: str, values: dict[str, Any]) -> None:
    """Would catch a comma in parentheses that parts an option, blanks, and a value of another type."""
    name, braces = split_options(text)
    found = read_options(name, braces, KNOWN)
    assert (name, found) == ("x", values)
    assert [type(value) for value in found.values()] == [type(value) for value in values.values()]
    assert read_options("x", split_options(write_options("x", found))[1], KNOWN) == found


@pytest.mark.parametrize(
    ("item", "label"),
    [
        ("flag=1", "not `true` or `false`"),
        ("flag=True", "not `true` or `false`"),
        ("flag", "not `true` or `false`"),
        ("count=-1", "not a whole number"),
        ("count=1.0", "not a whole number"),
        ("count=12345678901", "not a whole number"),
        ("number=1e999", "not a number"),
        ("number=inf", "not a number"),
        ("number=1_0", "not a number"),
        ("number=", "not a number"),
        ("pair=0.9", "not numbers in parentheses"),
        ("pair=(0.9,x)", "not numbers in parentheses"),
        ("pair=()", "not numbers in parentheses"),
        ("pear=(1,2)", "no option `pear`"),
    ],
)
def test_what_is_no_value_is_said(item: str, label: str) -> None:
    """Would catch a value that is taken for another, and a traceback."""
    with pytest.raises(qc.CompileError) as fault:
        read_options("x", item, KNOWN)
    [found] = fault.value.diagnostics
    assert found.code is qc.Code.UNKNOWN_OPTION
    assert label in found.label
    assert found.help


@pytest.mark.parametrize("text", ["x{a=1", "x}", "x{a{b}}", "x y", "", "x{a=1}{b=2}"])
def test_another_form_is_a_name(text: str) -> None:
    """Would catch a name that is cut off where the braces do not match."""
    assert split_options(text) == (text, "")
