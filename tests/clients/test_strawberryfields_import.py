"""Strawberry Fields imports beside newer libraries, and its absence is one clear line."""

from __future__ import annotations

import subprocess
import sys

import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.targets.strawberryfields_import import import_strawberryfields


def test_it_imports_in_a_fresh_process_without_a_warning() -> None:
    """Catches a shim that works only because another test has already put it in place; the data files need it too."""
    script = (
        "from qcompile.targets.strawberryfields_import import import_strawberryfields\n"
        "sf = import_strawberryfields()\n"
        "from strawberryfields.apps.data import feature\n"
        "import os; print(sf.__version__, os.path.isdir(feature.DATA_PATH))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == "True"
    assert not done.stderr


def test_what_is_there_is_left_alone() -> None:
    """Catches a shim that would hide a real `simps` or `pkg_resources`."""
    script = (
        "import sys, types, scipy.integrate\n"
        "real = sys.modules['pkg_resources'] = types.ModuleType('pkg_resources')\n"
        "real.resource_filename = lambda package, resource: resource\n"
        "scipy.integrate.simps = mine = lambda: None\n"
        "from qcompile.targets.strawberryfields_import import import_strawberryfields\n"
        "import_strawberryfields()\n"
        "print(sys.modules['pkg_resources'] is real, scipy.integrate.simps is mine)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["True", "True"], done.stderr


def test_its_absence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", dict[str, None]().get)
    with pytest.raises(CompileError, match=r"qcompile\[photonic\]") as caught:
        import_strawberryfields()
    assert caught.value.diagnostics[0].code is Code.MISSING_CLIENT
