"""Modules that need a framework: when they load, and what is said where it is not installed."""

import subprocess
import sys

import pytest

import qcompile as qc
from qcompile.cli.faults import NO_CLIENT, guarded
from qcompile.diagnostics import Code
from qcompile.layers.frameworks import TITLES, MissingFrameworkError, missing

HIDDEN = "import sys; sys.modules[{framework!r}] = None; import qcompile as qc; "


@pytest.mark.parametrize("framework", TITLES)
@pytest.mark.parametrize("way", ["qc.{0}", "import qcompile.{0}", "from qcompile import {0}"])
def test_a_missing_framework_is_told_in_one_line(framework: str, way: str) -> None:
    """Would catch a missing framework told as the import of something deep inside, or not as an ImportError."""
    attempt = way.format(framework)
    hidden = HIDDEN.format(framework=framework)
    script = f"{hidden}\ntry:\n    {attempt}\nexcept ImportError as fault:\n    print(fault)"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == f"qcompile.{framework} needs {TITLES[framework]}: pip install 'qcompile[{framework}]'\n"


def test_the_command_line_says_the_same_and_leaves_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a missing framework reported as a fault of ours."""
    import click

    @click.command()
    def command() -> None:
        raise MissingFrameworkError("torch")

    assert guarded(command, []) == NO_CLIENT
    assert capsys.readouterr().err.startswith(f"{MissingFrameworkError('torch')}\n")
    assert MissingFrameworkError("torch").diagnostics[0].code is Code.MISSING_CLIENT


def test_what_a_framework_lacks_itself_is_left_as_it_is() -> None:
    """Would catch a broken installation of a framework told as a missing one."""
    fault = ModuleNotFoundError("No module named 'sympy'", name="sympy")
    assert missing("torch", fault) is fault
    assert isinstance(missing("torch", ModuleNotFoundError("", name="torch.nn")), MissingFrameworkError)


def test_importing_the_package_loads_no_framework() -> None:
    """Would catch a framework that everybody waits for."""
    script = f"import sys, qcompile as qc; dir(qc); print(sorted({set(TITLES)} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
    assert set(TITLES) <= set(dir(qc))
