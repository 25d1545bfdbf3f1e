"""Doc comments: the lines of `/// …` before a declaration or a definition."""

from __future__ import annotations

_MARK = "///"


def doc_comment(text: str, offset: int) -> str:
    """What the `///` lines straight before the line of this offset say, without their marks; empty where none stand."""
    lines = text[: text.rfind("\n", 0, offset) + 1].splitlines()
    found: list[str] = []
    while lines and lines[-1].lstrip().startswith(_MARK):
        found.append(lines.pop().strip().removeprefix(_MARK).removeprefix(" "))
    return "\n".join(reversed(found))
