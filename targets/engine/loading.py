"""Where the compiled kernels come from: compiled once in a child process, kept on disk, loaded when they are there.

Small programs never wait: while the child compiles they run on NumPy. `qcompile warm` fills the cache beforehand.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from qcompile.targets.simulator.options import Precision

ROOT = "QCOMPILE_CACHE"
_SOURCES = ("kernels.py", "kernels_cells.py", "kernels_tables.py", "cells.py", "layout.py")


class Kernels:
    """The compiled kernels of each precision, as far as they are there.

    Args:
        root: of the cache, which a child process takes from us.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / _fingerprint()
        self._module: Any = None
        self._ready = set[Precision]()
        self._children: dict[Precision, subprocess.Popen[bytes]] = {}

    def get(self, precision: Precision, wait: bool) -> Any:
        """The kernels' module, or None where they are not compiled yet and nobody is to wait."""
        if precision in self._ready:
            return self._module
        if not self._marker(precision).exists():
            child = self._child(precision)
            if not wait and child.poll() is None:
                return None
            if child.wait() != 0 and not self._marker(precision).exists():
                raise AssertionError("the kernels do not compile: run `qcompile warm` to see why")
        self._ready.add(precision)
        self._module = self._loaded()
        return self._module

    def compile(self, precision: Precision) -> bool:
        """Compiles here and now, one process at a time; False where it had been done."""
        import fcntl

        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._marker(precision).exists():
                return False
            from qcompile.targets.engine.exercise import exercise

            exercise(self._loaded(), precision)
            self._marker(precision).touch()
        return True

    def _marker(self, precision: Precision) -> Path:
        return self.folder / f"{precision}.ready"

    def _child(self, precision: Precision) -> subprocess.Popen[bytes]:
        if precision not in self._children:
            command = [sys.executable, "-m", "qcompile.targets.engine.warm", precision]
            nothing = subprocess.DEVNULL
            environment = {**os.environ, ROOT: str(self.root)}
            self._children[precision] = subprocess.Popen(
                command, stdin=nothing, stdout=nothing, stderr=nothing, env=environment
            )
        return self._children[precision]

    def _loaded(self) -> Any:
        """The module, its functions cached in our folder: Numba looks where to when it meets them."""
        if self._module is None:
            from numba.core import config

            settings: Any = config
            before, settings.CACHE_DIR = settings.CACHE_DIR, str(self.folder)
            try:
                self._module = importlib.import_module("qcompile.targets.engine.kernels")
            finally:
                settings.CACHE_DIR = before
        return self._module


@cache
def kernels() -> Kernels:
    return Kernels(_root())


def _fingerprint() -> str:
    """Of what the compiled code is made of, and of where that lies, by which Numba finds it; it adds the processor."""
    here = Path(__file__).resolve().parent
    digest = hashlib.sha256(f"{version('numba')} {sys.version_info[:2]} {here}".encode())
    for name in _SOURCES:
        digest.update((here / name).read_bytes())
    return digest.hexdigest()[:16]


def _root() -> Path:
    """The folder named by QCOMPILE_CACHE, or one in the user's cache; where neither can be written, one of our own."""
    named, users = os.environ.get(ROOT), os.environ.get("XDG_CACHE_HOME")
    folder = Path(named) if named else (Path(users) if users else Path.home() / ".cache") / "qcompile"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="qcompile-"))
