"""What is installed is what is in the folders: from a checkout, an archive without links, and an sdist."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

IGNORED = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info", "tests", "examples")


def build(source: Path, out: Path, *kinds: str) -> Path:
    """Builds a wheel with the tools that are installed, and gives its path; without `--wheel`, by way of an sdist."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *kinds, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    return path


def files_in(wheel: Path) -> list[str]:
    """The files that a wheel installs, its own records apart."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted(name for name in archive.namelist() if ".dist-info/" not in name)


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """A copy to build in: no builder leaves anything in the checkout, or finds what another left."""
    return Path(shutil.copytree(root, tmp_path / "checkout", symlinks=True, ignore=IGNORED))


@pytest.fixture
def expected(package_folders: dict[str, Path]) -> list[str]:
    """Every file of the package folders, at the place where it is to be installed."""
    found: list[str] = []
    for package, folder in package_folders.items():
        paths = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
        found += [f"{package.replace('.', '/')}/{path}" for path in paths if "__pycache__" not in path.parts]
    return sorted(found)


def test_wheel_holds_the_folders(checkout: Path, tmp_path: Path, expected: list[str]) -> None:
    """Would catch a folder without `__init__.py`, a kind of data file not declared, and a file shipped twice."""
    assert files_in(build(checkout, tmp_path / "built", "--wheel")) == expected


def test_wheel_by_way_of_an_sdist(checkout: Path, tmp_path: Path, expected: list[str]) -> None:
    """Would catch an sdist that leaves out a folder, or needs the links to find one."""
    assert files_in(build(checkout, tmp_path / "built")) == expected
    assert list((tmp_path / "built").glob("*.tar.gz"))


def test_wheel_from_an_archive_without_links(
    checkout: Path, tmp_path: Path, package_folders: dict[str, Path], expected: list[str]
) -> None:
    """Would catch a packaging that sees the folders only through the links in qcompile/."""
    links = [checkout / package.replace(".", "/") for package in package_folders if package != "qcompile"]
    assert all(link.is_symlink() for link in links)
    for link in links:
        link.unlink()
    assert files_in(build(checkout, tmp_path / "built", "--wheel")) == expected
