"""docs/layers.md: its code runs and prints what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from page_blocks import assert_code_prints, assert_links_lead_somewhere

PATH = Path(__file__).parents[1] / "docs" / "layers.md"
PAGE = PATH.read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("section", SECTIONS)
def test_code_prints_what_it_says(section: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Would catch a page that shows what the code no longer does. The blocks of a section run one after the other."""
    assert_code_prints(SECTIONS[section], capsys)


def test_links_lead_somewhere() -> None:
    """Would catch a page that moved."""
    assert_links_lead_somewhere(PATH)
