"""Where compiled kernels come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from qcompile.targets.engine.loading import ROOT, Kernels, kernels


class Child:
    """A process that compiles, until it is done."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.waited = False

    def poll(self) -> int | None:
        return self.code

    def wait(self) -> int:
        self.waited = True
        self.code = 0 if self.code is None else self.code
        return self.code


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> Child:
    made = Child()

    def child_of(*_: object) -> Child:
        return made

    def loaded(*_: object) -> str:
        return "module"

    monkeypatch.setattr(Kernels, "_child", child_of)
    monkeypatch.setattr(Kernels, "_loaded", loaded)
    return made


def test_small_work_never_waits(tmp_path: Path, child: Child) -> None:
    """Nothing while the child compiles, the kernels once it is done, and no look at the disk after that."""
    found = Kernels(tmp_path)
    assert found.get("double", wait=False) is None
    assert not child.waited
    child.code = 0
    assert found.get("double", wait=False) == "module"
    child.code = None
    assert found.get("double", wait=False) == "module"


def test_large_work_waits(tmp_path: Path, child: Child) -> None:
    """It would be slower on NumPy than compiling is."""
    assert Kernels(tmp_path).get("double", wait=True) == "module"
    assert child.waited


def test_what_is_there_is_taken(tmp_path: Path, child: Child) -> None:
    """A second process compiles nothing; each precision is looked for by itself."""
    found = Kernels(tmp_path)
    found.folder.mkdir(parents=True)
    (found.folder / "double.ready").touch()
    assert found.get("double", wait=True) == "module"
    assert not child.waited
    assert found.get("single", wait=False) is None


def test_failure_is_told(tmp_path: Path, child: Child) -> None:
    """A child that fails leaves no silent slow engine behind."""
    child.code = 1
    with pytest.raises(AssertionError, match="qcompile warm"):
        Kernels(tmp_path).get("double", wait=False)


def test_cache_is_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of QCOMPILE_CACHE, and one of our own where it cannot be made."""
    monkeypatch.setenv(ROOT, str(tmp_path / "mine"))
    kernels.cache_clear()
    assert kernels().root == tmp_path / "mine"
    (tmp_path / "file").touch()
    monkeypatch.setenv(ROOT, str(tmp_path / "file" / "below"))
    kernels.cache_clear()
    assert kernels().root.is_dir()
    assert kernels().root != tmp_path / "file" / "below"
    monkeypatch.undo()
    kernels.cache_clear()
