"""Golden cases: `tests/golden/<language>/<case>.qc` holds the input and, below `# ---`, the whole emitted text.

The first line says why the case exists.
"""

import os
from pathlib import Path

import pytest
from clients import program_of

from qcompile.targets import emit
from qcompile.targets.emit import LANGUAGES

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = ["qc", *LANGUAGES]
CASES = [path for name in NAMES for path in sorted((GOLDEN / name).glob("*.qc"))]
SEPARATOR = "# ---\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_whole_text(path: Path) -> None:
    """Would catch any change of what is emitted for a program people would write."""
    given, separator, expected = path.read_text(encoding="utf-8").partition(SEPARATOR)
    made = emit(program_of(given), path.parent.name)
    if os.environ.get("QCOMPILE_BLESS"):
        path.write_text(given + SEPARATOR + made, encoding="utf-8")
        return
    assert separator
    assert given.startswith("// ")
    assert f"{given}{expected}".count("\n") < 40
    assert made == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_language_has_a_case(name: str) -> None:
    """Would catch a language without a golden case."""
    assert any(path.parent.name == name for path in CASES)
