"""The size table's own test: it must see what it counts."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = '''
class Circuit:
    def draw(self):
        """One line.

        Another.
        """
        first = 1
        return first

    def _hidden(self):
        return 0
'''


@pytest.fixture(scope="module")
def sizes() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("sizes", Path(__file__).with_name("sizes.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sizes"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_counts_lines_functions_and_methods(sizes: ModuleType) -> None:
    """Would catch a docstring, or a private method, that counts."""
    size = sizes.measure(Path("passes/x.py"), SOURCE)
    assert (size.lines, size.longest, size.longest_name, size.methods) == (12, 3, "draw", 1)


@pytest.mark.parametrize(
    ("path", "maximum"), [("passes/x/y.py", 200), ("qcompile/gates/light.py", 500), ("targets/quil.py", 400)]
)
def test_a_long_module_is_a_fault(sizes: ModuleType, path: str, maximum: int) -> None:
    """Would catch a maximum that is not enforced, or enforced one line early."""
    assert not list(sizes.measure(Path(path), "\n" * maximum).faults())
    assert len(list(sizes.measure(Path(path), "\n" * (maximum + 1)).faults())) == 1


def test_a_long_function_is_a_fault_but_in_a_kernel(sizes: ModuleType) -> None:
    """Would catch a function maximum that is not enforced."""
    source = "def f():\n" + "    pass\n" * 40
    assert len(list(sizes.measure(Path("targets/x.py"), source).faults())) == 1
    assert not list(sizes.measure(Path("targets/simulator/kernels_rows.py"), source).faults())
