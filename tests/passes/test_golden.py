"""Golden cases: `tests/golden/<pass>/<case>.qc` holds the input and, below `# ---`, the whole output.

The first line says why the case exists; a second line `// run: …` names the pipeline where it isn't the bare pass.
"""

import os
import re
from pathlib import Path

import pytest

from qcompile.grammar import parse, to_text
from qcompile.ir.verify import verify
from qcompile.passes import PASSES, Pipeline, pipeline

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = [path for name in PASSES for path in sorted((GOLDEN / name).glob("*.qc"))]
SEPARATOR = "# ---\n"


def steps_of(path: Path, text: str) -> Pipeline:
    second = text.splitlines()[1]
    return pipeline(second.removeprefix("// run: ") if second.startswith("// run: ") else path.parent.name)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_whole_output(path: Path) -> None:
    """Would catch any change of what a pass makes of a program people would write."""
    text = path.read_text(encoding="utf-8")
    given, separator, expected = text.partition(SEPARATOR)
    assert separator
    assert given.startswith("// ")
    assert text.count("\n") <= 60
    module = steps_of(path, given)(parse(given, path.name))
    verify(module)
    made = to_text(module)
    if os.environ.get("QCOMPILE_BLESS"):
        path.write_text(given + SEPARATOR + made, encoding="utf-8")
        return
    assert _rounded(made) == _rounded(expected)


def _rounded(text: str) -> str:
    """Weights come of linear systems, whose last digits are the machine's."""
    return re.sub(r"\d+\.\d{12,}", lambda number: f"{float(number[0]):.12g}", text)


@pytest.mark.parametrize("name", PASSES)
def test_every_pass_has_a_case(name: str) -> None:
    """Would catch a pass without a golden case."""
    assert any(path.parent.name == name for path in CASES)
