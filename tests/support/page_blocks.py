"""The blocks of a page: programs, code and commands, and what they are said to print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of every block, in order."""
    return [(match[1], match[2]) for match in _BLOCK.finditer(page)]


def texts(page: str, language: str) -> list[str]:
    return [text for found, text in blocks(page) if found == language]


def code(page: str) -> list[tuple[str, str]]:
    """Each block of Python, and the block of `text` after it, or nothing."""
    found = [*blocks(page), ("", "")]
    return [
        (text, after if kind == "text" else "")
        for (language, text), (kind, after) in pairwise(found)
        if language == "python"
    ]


def commands(page: str) -> Iterator[tuple[str, str]]:
    """Each command, and what the page shows after it."""
    for text in texts(page, "console"):
        for part in text.split("$ ")[1:]:
            command, _, output = part.partition("\n")
            yield command, output.strip()


def assert_same(printed: str, stated: str) -> None:
    """Word for word; numbers as far as they are written and rounding allows."""
    assert _NUMBER.sub("#", printed).split() == _NUMBER.sub("#", stated).split()
    found, wanted = (list(map(float, _NUMBER.findall(text))) for text in (printed, stated))
    assert found == pytest.approx(wanted, rel=1e-6, abs=1e-6)


def assert_code_prints(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The blocks of Python run one after the other, and print what the page says."""
    names: dict[str, object] = {}
    for text, stated in code(page):
        exec(text, names)  # noqa: S102 - the page is ours
        assert_same(capsys.readouterr().out, stated)


def assert_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([\w./-]+)\)", path.read_text(encoding="utf-8"))
    assert all((path.parent / link).exists() for link in links)
