"""The faults that mutation plants: a mutant that is left out, or meets the wrong tests, would be a fault none sees."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = '''"""A module."""
Word = tuple[int, int]
LIMIT = 3

def folded(x: int, y: int = 2) -> int:
    """A docstring: 5."""
    found = list[tuple[int, int]]()
    total = [k for k in range(x)
             if k % 2]
    if (x > LIMIT
            and not y):
        return -x
    match x:
        case 0:
            total += [y]
    raise AssertionError(1 + 2)
'''
EXPECTED = {
    "LIMIT = 4": None, "def folded(x: int, y: int=3) -> int:": None, "total = [k for k in range(x)]": range(8, 10),
    "total = [k for k in range(x) if k * 2]": range(8, 10), "total = [k for k in range(x) if k % 3]": range(8, 10),
    "if x > LIMIT or not y:": range(10, 12), "if x >= LIMIT and (not y):": range(10, 12),
    "if x > LIMIT and y:": range(10, 12), "if not (x > LIMIT and (not y)):": range(10, 12), "return x": range(12, 13),
    "case 1:": range(14, 15), "total -= [y]": range(15, 16), "pass": range(15, 16), "total += []": range(15, 16),
}  # fmt: skip


@pytest.fixture(scope="module")
def faults() -> ModuleType:
    """Of the script, as a module."""
    spec = importlib.util.spec_from_file_location("faults", Path(__file__).with_name("faults.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["faults"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_every_fault_of_a_module_and_the_lines_of_its_statement(faults: ModuleType) -> None:
    """Would catch a fault in a type, a docstring or a message, one that is not made, and lines of another statement."""
    found = {mutant.name.partition(" ⇒ ")[2]: mutant.lines for mutant in faults.mutants("folded", SOURCE)}
    assert found == EXPECTED
