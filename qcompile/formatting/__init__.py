"""The canonical layout of qcompile's own language."""

from qcompile.formatting.layout import format  # noqa: A004

__all__ = ["format"]
