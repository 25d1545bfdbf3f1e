"""Where compiled kernels come from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qcompile.targets.engine import loading
from qcompile.targets.engine.loading import ROOT, Kernels, kernels
from qcompile.targets.engine.port import Call


class Child:
    """A process that compiles to a file, until it is done."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.code: int | None = None
        self.waited = False

    def poll(self) -> int | None:
        if self.code == 0:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_bytes(b"name\ncode")
        return self.code

    def wait(self) -> int:
        self.waited = True
        self.code = 0 if self.code is None else self.code
        self.poll()
        return self.code


def loaded(name: str, code: bytes) -> Any:
    return name, code


LOADED = loaded("name", b"code")


@pytest.fixture
def found(tmp_path: Path) -> Kernels:
    return Kernels(tmp_path)


@pytest.fixture
def child(found: Kernels, monkeypatch: pytest.MonkeyPatch) -> Child:
    made = Child(found.folder / "double.kernels")

    def child_of(*_: object) -> Child:
        return made

    monkeypatch.setattr(Kernels, "_child", child_of)
    monkeypatch.setattr(loading, "Port", loaded)
    return made


def test_small_work_never_waits(found: Kernels, child: Child) -> None:
    """Nothing while the child compiles, the kernels once it is done, and no look at the disk after that."""
    assert found.get("double", wait=False) is None
    child.code = 0
    assert found.get("double", wait=False) == LOADED
    child.file.unlink()
    assert found.get("double", wait=False) == LOADED


def test_large_work_waits(found: Kernels, child: Child) -> None:
    """It would be slower on NumPy than compiling is."""
    assert found.get("double", wait=True) == LOADED
    assert child.waited


def test_what_is_there_is_taken(found: Kernels, child: Child) -> None:
    """A second process compiles nothing; each precision is looked for by itself."""
    child.code = 0
    child.poll()
    child.code = None
    assert found.get("double", wait=True) == LOADED
    assert not child.waited
    assert found.get("single", wait=False) is None


def test_failure_is_told(found: Kernels, child: Child) -> None:
    """A child that fails leaves no silent slow engine behind."""
    child.code = 1
    with pytest.raises(AssertionError, match="qcompile warm"):
        found.get("double", wait=False)


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


def test_the_process_needs_no_compiler(tmp_path: Path) -> None:
    """Numba takes 0.4 s and 90 MiB: it is for the child alone."""
    program = "qubit q[2]; param a; ry(a) q[0]; cx q[0], q[1]; return expect(Z[1]);"
    code = f"""
import sys, qcompile as qc
function = qc.value_and_grad(qc.parse({program!r}), engine="fused")
value, slopes = function.at([0.3])
assert abs(slopes[0] + 0.29552020666) < 1e-10
assert "llvmlite" in sys.modules and not {{"numba", "scipy"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_what_is_no_array_without_gaps_is_refused() -> None:
    """Its numbers would be read from between."""
    with pytest.raises(AssertionError, match="gaps"):
        Call((np.zeros(8)[::2],))
