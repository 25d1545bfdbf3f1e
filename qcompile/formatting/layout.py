"""The layout of a whole text.

A statement has a line of its own, unless the author puts several on one line and they fit; so has a block. Paragraphs
stay, with one blank line between them. Comments stay where they are; those at the ends of adjacent lines are aligned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from qcompile.diagnostics import Source
from qcompile.formatting.lines import COLUMNS, INDENT, Line, flat, is_open, wrapped
from qcompile.formatting.statements import Block, Item, Statement, statements
from qcompile.formatting.tokens import Token, tokens
from qcompile.grammar.syntax import read_module


def format(text: str, name: str = "<text>") -> str:  # noqa: A001
    """The text in its canonical layout: idempotent, with every comment, and with the same meaning.

    Args:
        name: what messages call the text.

    Raises:
        CompileError: its syntax errors; names and types are not looked at.
    """
    read_module(Source(name, text))
    lines: list[Line] = []
    _lay(statements(tokens(text)), 0, lines)
    made = "".join(f"{line}\n" for line in _aligned(lines))
    if not _says_the_same(text, made):
        raise AssertionError(f"formatting changed what {name} says")
    return made


def _lay(items: Iterable[Item], indent: int, lines: list[Line]) -> None:
    """Append the lines of a block's statements."""
    is_first, joins = True, False
    for item in items:
        if item.breaks > 1 and not is_first:
            lines.append(Line(0, ""))
        match item:
            case Token():
                _lay_comment(item, indent, lines)
                joins = False
            case Statement():
                line = _one_line(item)
                if line is None:
                    _lay_lines(item, indent, lines)
                elif joins and not item.breaks and len(lines[-1].text) + 1 + len(line) <= COLUMNS:
                    lines[-1].text += f" {line}"
                else:
                    lines.append(Line(indent, line))
                joins = line is not None
        is_first = False


def _lay_comment(comment: Token, indent: int, lines: list[Line]) -> None:
    if lines and not comment.breaks and not comment.is_block_comment:
        lines[-1].comment += f"{' ' if lines[-1].comment else ''}{comment.text}"
    else:
        lines.append(Line(indent, comment.text))


def _lay_lines(statement: Statement, indent: int, lines: list[Line]) -> None:
    for position, head in enumerate(statement.heads):
        lines += [Line(indent + line.indent, line.text, line.comment) for line in wrapped(head)]
        if position < len(statement.blocks):
            _lay(statement.blocks[position].items, indent + INDENT, lines)


def _one_line(statement: Statement) -> str | None:
    """The statement on one line, where the author wants that and it fits."""
    text = _flat_statement(statement)
    return text if text is not None and len(text) <= COLUMNS else None


def _flat_statement(statement: Statement) -> str | None:
    if not statement.is_on_one_line or any(map(is_open, statement.heads)):
        return None
    parts = [flat(statement.heads[0])]
    for block, head in zip(statement.blocks, statement.heads[1:], strict=True):
        inner = _flat_block(block)
        if inner is None:
            return None
        parts += [inner, flat(head)]
    return "".join(parts)


def _flat_block(block: Block) -> str | None:
    texts: list[str] = []
    for item in block.items:
        text = _flat_item(item)
        if text is None or item.breaks:
            return None
        texts.append(text)
    return f" {' '.join(texts)} " if texts else ""


def _flat_item(item: Item) -> str | None:
    if isinstance(item, Statement):
        return _flat_statement(item)
    return None if item.ends_line else item.text


def _aligned(lines: Sequence[Line]) -> Iterator[str]:
    """The lines as text, the comments of adjacent ones in one column."""
    start = 0
    while start < len(lines):
        end = start + 1
        while lines[start].comment and end < len(lines) and lines[end].comment:
            end += 1
        column = max(_width(line) for line in lines[start:end]) + 2
        for line in lines[start:end]:
            text = f"{' ' * line.indent}{line.text}" if line.text else ""
            yield f"{text:<{column}}{line.comment}" if line.comment else text
        start = end


def _width(line: Line) -> int:
    return line.indent + len(line.text.rpartition("\n")[2])


def _says_the_same(text: str, made: str) -> bool:
    return [token.text for token in tokens(text)] == [token.text for token in tokens(made)]
