"""What `import qcompile` shows."""

import subprocess
import sys
from pathlib import Path

import pytest

import qcompile as qc


@pytest.mark.parametrize("name", qc.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Would catch a name whose module moved."""
    assert getattr(qc, name) is not None
    assert name in dir(qc)


def test_public_names_are_those_with_a_home() -> None:
    """Would catch a name that is shown and cannot be had, or had and not shown."""
    assert sorted(qc.__all__) == sorted(qc._HOME)  # pyright: ignore[reportPrivateUsage]


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Would catch another exception, which `hasattr` would let through."""
    assert not hasattr(qc, "frobnicate")


def test_a_package_does_not_hide_the_function_of_its_name() -> None:
    """Would catch `qc.draw` that is a module once anything has imported one."""
    script = "import qcompile as qc; import qcompile.draw; from qcompile.draw import Drawing; assert callable(qc.draw)"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_texts_are_read_in_every_language(tmp_path: Path) -> None:
    """Would catch a language that Python cannot name, and an ending that is not heeded."""
    text = 'OPENQASM 2.0; include "qelib1.inc"; qreg q[1]; h q[0];'
    program = qc.parse("qubit q[1]; h q[0];")
    assert qc.parse(text) == qc.parse(text, "openqasm2") == program
    path = tmp_path / "program.qasm"
    path.write_text(text)
    assert qc.load(path) == qc.load(str(path), "openqasm2") == program
    with pytest.raises(qc.CompileError, match=r"`quil`"):
        qc.parse("H 0", "quilt")


def test_the_version_is_the_packages() -> None:
    """Would catch a version that is raised in one place only."""
    from importlib.metadata import version

    assert qc.__version__ == version("qcompile")
