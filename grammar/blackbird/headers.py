"""The head of a Blackbird file: its name, its version, what it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from qcompile.diagnostics import Code, Diagnostic, Note, Source, Span, error, warn
from qcompile.grammar.blackbird import tree

_UNKEPT: Mapping[str, str] = {
    "shots": "say it when the program runs: `--shots {}`",
    "cutoff_dim": "say it when the program runs: `--cutoff {}`",
}
_BEGIN = "a Blackbird file begins with the lines `name my_program` and `version 1.0`"


def program_name(source: Source, statements: Sequence[tree.Statement], note: Callable[[Diagnostic], None]) -> str:
    """The program's name; notes what its head lacks or says twice.

    Raises:
        CompileError: OUT_OF_REACH, for a program in time bins.
    """
    found: dict[str, tree.Header] = {}
    for statement in statements:
        if not isinstance(statement, tree.Header):
            continue
        span = Span(source, statement.start, statement.end)
        earlier = found.setdefault(statement.word, statement)
        if earlier is not statement:
            place = Note("said here first", Span(source, earlier.start, earlier.end))
            note(Diagnostic(Code.DUPLICATE_NAME, f"a second `{statement.word}`", span, "leave one out", (place,)))
        if statement.word == "type" and statement.value.text == "tdm":
            advice = "write the circuit of all its time bins, with a mode for each pulse"
            raise error(Code.OUT_OF_REACH, "programs in time bins (`tdm`) are not read", span, advice)
    missing = [f"`{word}`" for word in ("name", "version") if word not in found]
    if missing:
        first = statements[0] if statements else None
        span = Span(source, first.start, first.end) if first else Span(source, 0, 0)
        label = f"the {' and the '.join(missing)} of the program are missing before this"
        label = label if len(missing) > 1 else label.replace(" are ", " is ")
        note(Diagnostic(Code.SYNTAX, label, span, _BEGIN))
    return found["name"].value.text if "name" in found else ""


def warn_of_options(source: Source, statements: Sequence[tree.Statement]) -> None:
    """Say which options of the target are not kept: those that change what running the program gives."""
    for statement in statements:
        if not isinstance(statement, tree.Header) or statement.word != "target":
            continue
        for option in statement.options:
            if isinstance(option, tree.Keyword) and option.name.text in _UNKEPT:
                written = source.text[option.value.start : option.value.end]
                label = f"`{option.name.text}` is no part of a program here"
                advice = _UNKEPT[option.name.text].format(written)
                warn(Code.DROPPED, label, Span(source, option.start, option.end), advice)
