"""Where the compiled kernels come from: compiled once in a child process, kept on disk, loaded when they are there.

Small programs never wait: while the child compiles they run on NumPy. `qcompile warm` fills the cache beforehand.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

from qcompile.targets.engine.port import Port
from qcompile.targets.simulator.options import Precision

ROOT = "QCOMPILE_CACHE"
_SOURCES = ("kernels.py", "kernels_cells.py", "kernels_entry.py", "kernels_tables.py", "cells.py", "layout.py")


class Kernels:
    """The compiled kernels of each precision, as far as they are there.

    Args:
        root: of the cache, which a child process takes from us.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, root / _fingerprint()
        self._ready: dict[Precision, Port] = {}
        self._children: dict[Precision, subprocess.Popen[bytes]] = {}

    def get(self, precision: Precision, wait: bool) -> Port | None:
        """The kernels, or None where they are not compiled yet and nobody is to wait."""
        if precision not in self._ready:
            file = self._file(precision)
            if not file.exists():
                child = self._child(precision)
                if not wait and child.poll() is None:
                    return None
                if child.wait() != 0 and not file.exists():
                    raise AssertionError("the kernels do not compile: run `qcompile warm` to see why")
            name, _, code = file.read_bytes().partition(b"\n")
            self._ready[precision] = Port(name.decode(), code)
        return self._ready[precision]

    def compile(self, precision: Precision) -> bool:
        """Compiles here and now, one process at a time; False where it had been done."""
        import fcntl

        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._file(precision).exists():
                return False
            from qcompile.targets.engine.kernels_entry import compiled

            name, code = compiled(precision)
            fresh = self.folder / f"{precision}.new"
            fresh.write_bytes(name.encode() + b"\n" + code)
            fresh.replace(self._file(precision))
        return True

    def _file(self, precision: Precision) -> Path:
        """The name of the function, and below it the object file."""
        return self.folder / f"{precision}.kernels"

    def _child(self, precision: Precision) -> subprocess.Popen[bytes]:
        if precision not in self._children:
            command = [sys.executable, "-m", "qcompile.targets.engine.warm", precision]
            nothing = subprocess.DEVNULL
            environment = {**os.environ, ROOT: str(self.root)}
            self._children[precision] = subprocess.Popen(
                command, stdin=nothing, stdout=nothing, stderr=nothing, env=environment
            )
        return self._children[precision]


@cache
def kernels() -> Kernels:
    return Kernels(_root())


def _fingerprint() -> str:
    """Of what the compiled code is made of and by, and of the processor that it is for."""
    from llvmlite import binding

    here = Path(__file__).resolve().parent
    processor = f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"
    digest = hashlib.sha256(f"{version('numba')} {version('llvmlite')} {processor}".encode())
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
