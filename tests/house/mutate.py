"""Mutation: one small fault at a time in passes/differentiate, and whether the tests see it. `make mutate` runs it.

    python tests/house/mutate.py [--sample N] [--seed S] [--jobs J] [--least PERCENT] [MODULE…]

Each mutant lives in a copy of the tree. Ends with 1 where fewer than the least share of them is killed. Mutants that
change nothing that can be told are listed in tests/house/equivalent_mutants.txt, as `module: line ⇒ line  # reason`.
"""

from __future__ import annotations

import argparse
import ast
import copy
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import cast

ROOT = Path(__file__).parents[2]
FOLDER = Path("passes") / "differentiate"
MODULES = (
    "shift/rules", "shift/derivative", "shift/spectra", "shift/groups", "shift/planning", "shift/selection",
    "shift/slots", "shift/analysis", "sight/pullback", "sight/pulled", "sight/visibility", "sight/words",
    "strengths/rule", "hadamard/derivative",
)  # fmt: skip
TESTS = (
    "tests/differentiate/test_slots.py", "tests/differentiate/test_spectra.py", "tests/differentiate/test_groups.py",
    "tests/differentiate/test_joint.py", "tests/differentiate/test_pullback.py", "tests/differentiate/test_rules.py",
    "tests/test_known_wrong.py", "tests/properties/test_every_method.py", "tests/differentiate/test_exact_values.py",
    "tests/differentiate/test_strengths.py", "tests/differentiate/test_higher_order.py",
    "tests/differentiate/test_feed_forward.py", "tests/differentiate/test_postselection.py",
    "tests/differentiate/test_hadamard.py", "tests/differentiate/test_refusals.py", "tests/passes/test_golden.py",
)  # fmt: skip
# what takes long, and sees no more than the rest
SLOW = ("survive_lowering", "not_gaussian", "and_light", "random_noise", "random_selections", "every_mode_equals",
        "controls_add", "cubic_phase", "closure_is")  # fmt: skip
PROFILE = """from hypothesis import Phase, settings as _settings
_settings.register_profile(
    "mutants", max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)
"""
SECONDS = 200
COPIED = ("qcompile", "grammar", "passes", "targets", "tests", "examples", "docs", "pyproject.toml", "setup.py")
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module's text with one fault."""

    module: str
    before: str
    after: str

    @property
    def name(self) -> str:
        changed = [line for line in difflib.ndiff(self.before.splitlines(), self.after.splitlines()) if line[0] in "+-"]
        left, right = (" ".join(line[2:].strip() for line in changed if line[0] == sign) for sign in "-+")
        return f"{self.module}: {left} ⇒ {right}"


def faults(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of a node."""
    yield from _of_numbers(node)
    yield from _of_flow(node)


def _of_numbers(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) if type(op) in SWAPS:
            yield _with(node, op=SWAPS[type(op)]())
        case ast.Compare(ops=[op, *others]) if type(op) in SWAPS:
            yield _with(node, ops=[SWAPS[type(op)](), *others])
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float() as value):
            yield ast.Constant(value * 1.1 + 0.1)
        case _:
            return


def _of_flow(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BoolOp(op=op):
            yield _with(node, op=SWAPS[type(op)]())
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.If(test=test):
            yield _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.comprehension(ifs=[_, *others]):
            yield _with(node, ifs=others)
        case ast.Tuple(elts=[_, _, *_] as parts, ctx=ast.Load()) | ast.List(elts=[_, *_] as parts, ctx=ast.Load()):
            yield _with(node, elts=parts[:-1])
        case ast.Expr(value=ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign():
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case _:
            return


def _with(node: ast.AST, **changed: object) -> ast.AST:
    made = copy.copy(node)
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def mutants(module: str, text: str) -> Iterator[Mutant]:
    """Every one of a module, outside annotations, docstrings and messages."""
    tree = ast.parse(text)
    before = ast.unparse(tree)
    for parent, field, index, node in list(_places(tree)):
        for fault in faults(node):
            _put(parent, field, index, fault)
            after = ast.unparse(ast.fix_missing_locations(tree))
            _put(parent, field, index, node)
            if after != before:
                yield Mutant(module, before, after)


def _places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node below, with where it stands."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        for index, child in _children(value):
            if isinstance(child, ast.AST) and not _is_told(child):
                yield node, field, index, child
                yield from _places(child)


def _children(value: object) -> Iterator[tuple[int | None, object]]:
    if isinstance(value, list):
        yield from enumerate(cast("list[object]", value))
    else:
        yield None, value


def _is_told(node: ast.AST) -> bool:
    """Is it a type, a guard against faults of our own, or where a diagnostic is made?"""
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.keyword) and node.arg in ("default_factory", "strict"):
        return True
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _put(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[index] = node


class Trees:
    """Copies of the tree, each for one run of the tests at a time."""

    def __init__(self, folder: Path, count: int) -> None:
        self._free: Queue[Path] = Queue()
        for number in range(count):
            place = folder / str(number)
            for name in COPIED:
                _copy(ROOT / name, place / name)
            conftest = place / "tests" / "conftest.py"
            conftest.write_text(PROFILE + conftest.read_text(encoding="utf-8"), encoding="utf-8")
            self._free.put(place)

    def survives(self, mutant: Mutant | None) -> bool:
        """Do all tests pass with the fault in place?"""
        place = self._free.get()
        target = place / FOLDER / f"{mutant.module}.py" if mutant else None
        try:
            kept = target.read_text(encoding="utf-8") if target else ""
            if target and mutant:
                target.write_text(mutant.after, encoding="utf-8")
            passed = _passes(place)
            if target:
                target.write_text(kept, encoding="utf-8")
            return passed
        finally:
            self._free.put(place)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _passes(place: Path) -> bool:
    """In a process whose `qcompile` is the copy's, which comes first on the path."""
    found = [test for test in TESTS if (place / test).exists()]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-k",
        f"not ({' or '.join(SLOW)})",
        *found,
    ]
    environment = {**os.environ, "PYTHONPATH": str(place), "HYPOTHESIS_PROFILE": "mutants"}
    try:
        done = subprocess.run(
            command, cwd=place, env=environment, timeout=SECONDS, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    chosen = _chosen(options.modules or MODULES, options.sample, options.seed)
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        trees = Trees(Path(folder), options.jobs)
        if not trees.survives(None):
            print("the tests fail without any fault", file=sys.stderr)
            return 1
        for mutant, survived in zip(chosen, pool.map(trees.survives, chosen), strict=True):
            print("survived" if survived else "killed  ", mutant.name, flush=True)
            survivors += [mutant] if survived else []
    for mutant in survivors:
        lines = difflib.unified_diff(
            mutant.before.splitlines(), mutant.after.splitlines(), mutant.module, mutant.module, lineterm="", n=2
        )
        print("\n".join(lines))
    killed = 100 * (1 - len(survivors) / len(chosen)) if chosen else 100.0
    print(f"{len(chosen)} mutants, {len(chosen) - len(survivors)} killed: {killed:.1f} %")
    return int(killed < options.least)


def _chosen(modules: Sequence[str], sample: int, seed: int) -> list[Mutant]:
    """A sample of all that are not known to change nothing."""
    known = {line.partition("  #")[0] for line in EQUIVALENT.read_text(encoding="utf-8").splitlines()}
    texts = {module: (ROOT / FOLDER / f"{module}.py").read_text(encoding="utf-8") for module in modules}
    made = [mutant for module, text in texts.items() for mutant in mutants(module, text) if mutant.name not in known]
    return random.Random(seed).sample(made, min(sample, len(made)))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="of passes/differentiate, without .py")
    parser.add_argument("--sample", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--least", type=float, default=90.0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
