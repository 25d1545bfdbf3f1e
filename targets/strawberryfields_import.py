"""The one place that imports Strawberry Fields, which is older than the libraries it stands on.

Its last release, 0.23, asks for `scipy.integrate.simps`, which SciPy dropped in 1.14, and for `pkg_resources`, which
setuptools dropped in 82. Both are put back before the import, and only where they are missing. It imports TensorFlow
where that is installed, whose greetings are no message of ours.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from qcompile.diagnostics import Code, error


def import_strawberryfields() -> ModuleType:
    """The module `strawberryfields`, ready to use.

    Raises:
        CompileError: MISSING_CLIENT.
    """
    if importlib.util.find_spec("strawberryfields") is None:
        raise error(Code.MISSING_CLIENT, "Strawberry Fields", help="pip install 'qcompile[photonic]'")
    import scipy.integrate

    if not hasattr(scipy.integrate, "simps"):
        setattr(scipy.integrate, "simps", scipy.integrate.simpson)  # noqa: B010 - a checker knows no such attribute
    if "pkg_resources" not in sys.modules and importlib.util.find_spec("pkg_resources") is None:
        stub = ModuleType("pkg_resources")
        setattr(stub, "resource_filename", _resource_filename)  # noqa: B010 - the same
        sys.modules["pkg_resources"] = stub
    with _without_greetings():
        return importlib.import_module("strawberryfields")


@contextmanager
def _without_greetings() -> Generator[None]:
    """TensorFlow 2.21 writes to the standard error's file itself as it is loaded, and no setting keeps it from that."""
    if "tensorflow" in sys.modules or importlib.util.find_spec("tensorflow") is None:
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _resource_filename(package: str, resource: str) -> str:
    """The path of a file inside a package."""
    origin = importlib.import_module(package).__file__
    if origin is None:
        raise ModuleNotFoundError(package)
    return str(Path(origin).parent / resource)
