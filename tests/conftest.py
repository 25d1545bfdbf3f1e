"""What every test may ask for: Hypothesis profiles, the folders of the packages, the public corpora."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]

settings.register_profile("dev", max_examples=20, deadline=None)
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile("long", max_examples=500, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


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
    folder = os.environ.get("QCOMPILE_CORPORA", "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    if os.environ.get("CI") == "true":
        pytest.fail(f"QCOMPILE_CORPORA names no folder: {folder!r}")
    pytest.skip("QCOMPILE_CORPORA is not set")
