"""The pages that `qcompile explain` shows: one for each code, beside this module."""

from __future__ import annotations

from importlib.resources import files

from qcompile.diagnostics.codes import Code


def read_page(code: Code) -> str:
    """The page as Markdown: what the code means, then programs that cause it and that do not."""
    return files(__name__).joinpath(f"{code.id}.md").read_text(encoding="utf-8")
