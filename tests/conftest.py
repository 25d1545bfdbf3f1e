"""What every test may ask for: Hypothesis profiles, the folders of the packages, the public corpora."""

import gc
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import settings

from qcompile.targets.engine.loading import kernels

ROOT = Path(__file__).parents[1]

settings.register_profile("dev", max_examples=20, deadline=None)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile("long", max_examples=500, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def _corpora() -> Path | None:
    """The folder that QCOMPILE_CORPORA names, where there is one."""
    folder = os.environ.get("QCOMPILE_CORPORA", "")
    return Path(folder) if folder and Path(folder).is_dir() else None


def _are_left_out() -> bool:
    return _corpora() is None and os.environ.get("CI") != "true"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the corpora where there are none; in CI it stays, and fails."""
    if _are_left_out():
        left_out = [item for item in items if "corpora" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage doubles the time of tests that make many objects."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _are_left_out():
        line = (
            "QCOMPILE_CORPORA names no folder: THE TESTS OF OTHER PEOPLE'S PROGRAMS WERE LEFT OUT (CI fails without it)"
        )
        terminalreporter.write_line(line, yellow=True, bold=True)


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels() -> None:
    """The engine's kernels are compiled before the first test, so that all of them run on one engine."""
    kernels().get("double", wait=True)


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def package_folders() -> dict[str, Path]:
    """The folder of each mapped package, by its import name, as the packaging has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    mapping: dict[str, str] = project["tool"]["setuptools"]["package-dir"]
    return {name: ROOT / folder for name, folder in mapping.items()}


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of public programs that QCOMPILE_CORPORA names. In CI, to have none is a failure."""
    folder = _corpora()
    if folder is None:
        pytest.fail(f"QCOMPILE_CORPORA names no folder: {os.environ.get('QCOMPILE_CORPORA', '')!r}")
    return folder
