"""Mutation: one small fault at a time in passes/differentiate, and whether the tests see it. `make mutate` runs it.

    python tests/house/mutate.py [--sample N] [--seed S] [--jobs J] [--least PERCENT] [MODULE…]

Each mutant lives in a copy of the tree, and meets the tests that run its line, the quickest first. Ends with 1 where
fewer than the least share of them is killed. Mutants that change nothing that can be told are listed in
tests/house/equivalent_mutants.txt, as `module: line ⇒ line  # reason`; the sample holds them, the share does not.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from faults import Mutant, mutants

ROOT = Path(__file__).parents[2]
FOLDER = Path("passes") / "differentiate"
TESTS = (
    "tests/differentiate", "tests/photonics", "tests/properties/test_every_method.py",
    "tests/properties/test_derivatives.py", "tests/properties/test_dynamic_derivatives.py",
    "tests/properties/test_geometry.py", "tests/test_known_wrong.py", "tests/test_errors.py", "tests/test_run.py",
    "tests/test_derivative_pages.py", "tests/passes/test_golden.py", "tests/passes/test_names.py",
    "tests/passes/test_slice_cones.py", "tests/passes/test_lint.py", "tests/targets/test_golden.py",
    "tests/targets/test_bundle.py", "tests/simulator/test_adjoint.py", "tests/simulator/test_adjoint_histories.py",
    "tests/simulator/test_adjoint_light.py", "tests/simulator/test_adjoint_tangent.py", "tests/cli/test_commands.py",
    "tests/cli/test_grad_bundles.py", "tests/learn/test_rotosolve.py",
)  # fmt: skip
LONGEST = 2.5  # seconds: tests that take longer are left out
COPIED = (
    "qcompile", "grammar", "passes", "targets", "tests", "examples", "docs", "benchmarks", "pyproject.toml", "setup.py",
    "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile",
)  # fmt: skip
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")


@dataclass(frozen=True, slots=True)
class Record:
    """Of tests that pass without a fault: how long each takes, and by module and line which of them run it."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[str]]]

    @classmethod
    def read(cls, path: Path) -> Record:
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(found["seconds"], found["lines"])

    def tests(self, mutant: Mutant) -> dict[str, int]:
        """Those that may see the mutant, and the seconds that each may take.

        What runs when a module is imported may be seen by all that run any line of the passes, its own lines first.
        """
        own = self.lines.get(mutant.module, {})
        if mutant.lines is not None:
            near = {test for line in mutant.lines for test in own.get(str(line), ())}
            found = near
        else:
            near = {test for tests in own.values() for test in tests}
            found = {test for lines in self.lines.values() for tests in lines.values() for test in tests}
        known = (test for test in found if self.seconds.get(test, LONGEST) < LONGEST)
        ordered = sorted(known, key=lambda test: (test not in near, self.seconds[test], test))
        return {test: 20 + int(10 * self.seconds[test]) for test in ordered}


class Trees:
    """Copies of the tree, each for one run of the tests at a time."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count = folder, count
        self._free: Queue[Path] = Queue()

    def record(self) -> Record | None:
        """What the tests run without a fault, in the first copy, which the others are made of; None where one fails."""
        first, target = self._folder / "0", self._folder / "record.json"
        for name in COPIED:
            _copy(ROOT / name, first / name)
        done = _run(first, TESTS, {"MUTANTS_RECORD": str(target)})
        if done.returncode:
            print(done.stdout, done.stderr, file=sys.stderr)
            return None
        for number in range(self._count):
            place = self._folder / str(number)
            if place != first:
                shutil.copytree(first, place, symlinks=True)
            self._free.put(place)
        return Record.read(target)

    def survives(self, mutant: Mutant, tests: dict[str, int]) -> bool:
        """Do these tests pass with the fault in place?"""
        if not tests:
            return True
        place = self._free.get()
        target, chosen = place / FOLDER / f"{mutant.module}.py", place / "chosen.json"
        kept = target.read_text(encoding="utf-8")
        try:
            target.write_text(mutant.after, encoding="utf-8")
            chosen.write_text(json.dumps(tests), encoding="utf-8")
            files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
            settings = {"MUTANTS_CHOSEN": str(chosen), "PYTHONDONTWRITEBYTECODE": "1"}
            return _run(place, files, settings).returncode == 0
        finally:
            target.write_text(kept, encoding="utf-8")
            self._free.put(place)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def _run(place: Path, tests: Sequence[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """In a process whose `qcompile` is the copy's, which comes first on the path."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "mutant_tests", *tests]
    path = os.pathsep.join((str(place), str(place / "tests" / "house")))
    environment = {
        **os.environ, **settings, "PYTHONPATH": path, "HYPOTHESIS_PROFILE": "mutants",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    known = {line.partition("  #")[0] for line in EQUIVALENT.read_text(encoding="utf-8").splitlines()}
    drawn = _drawn(options.modules or _modules(), options.sample, options.seed)
    chosen = [mutant for mutant in drawn if mutant.name not in known]
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        trees = Trees(Path(folder), options.jobs)
        record = trees.record()
        if record is None:
            print("the tests fail without any fault", file=sys.stderr)
            return 1

        def survives(mutant: Mutant) -> bool:
            return trees.survives(mutant, record.tests(mutant))

        for mutant, survived in zip(chosen, pool.map(survives, chosen), strict=True):
            print("survived" if survived else "killed  ", mutant.name, flush=True)
            survivors += [mutant] if survived else []
    for mutant in survivors:
        lines = difflib.unified_diff(
            mutant.before.splitlines(), mutant.after.splitlines(), mutant.module, mutant.module, lineterm="", n=2
        )
        print("\n".join(lines))
    killed = len(chosen) - len(survivors)
    share = _share(killed, len(chosen))
    print(f"{len(drawn)} mutants, {len(drawn) - len(chosen)} of them known to change nothing that can be told")
    print(f"{killed} of {len(drawn)} killed, {_share(killed, len(drawn)):.1f} %; of the others, {share:.1f} %")
    return int(share < options.least)


def _share(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0


def _modules() -> list[str]:
    folder = ROOT / FOLDER
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.py"))


def _drawn(modules: Sequence[str], sample: int, seed: int) -> list[Mutant]:
    texts = {module: (ROOT / FOLDER / f"{module}.py").read_text(encoding="utf-8") for module in modules}
    made = [mutant for module, text in texts.items() for mutant in mutants(module, text)]
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
