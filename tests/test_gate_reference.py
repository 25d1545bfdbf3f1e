"""The committed gate reference is what the table prints."""

from pathlib import Path

from qcompile.gates import TABLE
from qcompile.gates.reference import reference


def test_page_is_the_tables(root: Path) -> None:
    """Would catch a changed row whose page was not printed anew."""
    page = (root / "docs" / "gates.md").read_text(encoding="utf-8")
    assert page == reference(), "run `python -m qcompile.gates.reference > docs/gates.md`"


def test_every_gate_has_a_line() -> None:
    """Would catch a family that the page leaves out."""
    lines = [line for line in reference().splitlines() if line.startswith("| `")]
    assert len(lines) == len(TABLE)
    assert [name for name in TABLE if not any(line[3:].startswith((f"{name} ", f"{name}(")) for line in lines)] == []
