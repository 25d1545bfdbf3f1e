"""Prints the size of every module; ends with 1 when one is over a maximum.

Run it as `python tests/house/sizes.py`. A function is measured without its docstring. Kernel modules
(`kernels*.py`) have no maximum: splitting them would hide the loop.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE, GATE_DATA, PASS, FUNCTION = 400, 500, 200, 40


Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Size:
    """What is counted in one module; `path` is relative to the top folder."""

    path: Path
    lines: int
    longest: int
    longest_name: str
    methods: int
    methods_name: str

    def faults(self) -> Iterator[str]:
        """Each maximum that the module is over, as a sentence."""
        if self.path.name.startswith("kernels"):
            return
        maximum = module_maximum(self.path)
        if self.lines > maximum:
            yield f"{self.path}: {self.lines} lines, at most {maximum}"
        if self.longest > FUNCTION:
            yield f"{self.path}: {self.longest_name} has {self.longest} lines, at most {FUNCTION}"


def module_maximum(path: Path) -> int:
    """The most lines that the module may have."""
    if path.parts[0] == "passes":
        return PASS
    return GATE_DATA if path.parts[:2] == ("qcompile", "gates") else MODULE


def measure(path: Path, source: str) -> Size:
    """Counts one module."""
    nodes = list(ast.walk(ast.parse(source, str(path))))
    functions = [(function_lines(node), node.name) for node in nodes if isinstance(node, Function)]
    classes = [(public_methods(node), node.name) for node in nodes if isinstance(node, ast.ClassDef)]
    longest, longest_name = max(functions, default=(0, ""))
    methods, methods_name = max(classes, default=(0, ""))
    return Size(path, len(source.splitlines()), longest, longest_name, methods, methods_name)


def function_lines(function: Function) -> int:
    """The lines from `def` to the end, without the docstring."""
    docstring = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    return _lines(function) - (_lines(docstring) if docstring else 0)


def public_methods(node: ast.ClassDef) -> int:
    """How many methods of the class have no leading underscore."""
    return sum(isinstance(item, Function) and not item.name.startswith("_") for item in node.body)


def modules() -> Iterator[Path]:
    """Every module of the mapped packages, once, relative to the top folder."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for folder in settings["tool"]["setuptools"]["package-dir"].values():
        # Path.rglob follows no links to folders, so a module is not met twice.
        yield from (path.relative_to(ROOT) for path in sorted((ROOT / folder).rglob("*.py")))


def main() -> int:
    """Prints the table, then the faults."""
    sizes = [measure(path, (ROOT / path).read_text(encoding="utf-8")) for path in modules()]
    print(f"{'module':48} {'lines':>5}  {'longest function':36} most public methods")
    for size in sizes:
        longest = f"{size.longest:3} {size.longest_name}" if size.longest else ""
        methods = f"{size.methods:3} {size.methods_name}" if size.methods else ""
        print(f"{size.path!s:48} {size.lines:5}  {longest:36} {methods}".rstrip())
    print(f"{len(sizes)} modules, {sum(size.lines for size in sizes)} lines")
    faults = [fault for size in sizes for fault in size.faults()]
    print("\n".join(faults) or "no module or function is over its maximum")
    return 1 if faults else 0


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


if __name__ == "__main__":
    sys.exit(main())
