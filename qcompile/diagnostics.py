"""Faults of a user's program: a code, the place, what is wrong there and what to do about it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import Literal, TypeAlias

MAX_LABEL = 300
Severity: TypeAlias = Literal["error", "warning"]


class Code(Enum):
    """Every fault the compiler reports: its title, and the page `qcompile explain` shows."""

    SYNTAX = ("QC0101", "syntax error", "The text does not follow the grammar at the marked place.")
    NOT_TEXT = ("QC0102", "not a text file", "Source files are UTF-8 text.")
    EMPTY = ("QC0103", "empty program", "A program declares at least one qubit or qumode, or returns something.")
    TOO_DEEP = (
        "QC0104",
        "nested too deeply",
        "Expressions and blocks nest to a fixed depth, far above what people write.",
    )
    UNKNOWN_LANGUAGE = ("QC0105", "unknown language", "The file's ending names the language it is read or written in.")
    UNREADABLE = ("QC0106", "cannot read the file", "The file is missing, a folder, or not permitted.")
    UNWRITABLE = ("QC0107", "cannot write the output", "The folder is missing, not permitted, or holds other files.")
    UNTERMINATED = (
        "QC0108",
        "the text ends too early",
        "Every statement ends with `;`, every block with `}`, every comment with `*/`.",
    )
    MISPLACED = (
        "QC0109",
        "a statement out of place",
        "Declarations, definitions and `return` stand at the top of a program, not inside blocks.",
    )
    OUT_OF_REACH = (
        "QC0110",
        "beyond what is read",
        "The language has this construct, but it has no counterpart here, or can't be bounded when compiling.",
    )
    IMPORT = (
        "QC0111",
        "cannot import this file",
        "Imported files exist, lie in the importing file's folder or below, and do not import each other in a ring.",
    )
    UNKNOWN_NAME = (
        "QC0201",
        "undeclared name",
        "Registers, parameters, loop variables and observables are declared before use.",
    )
    UNKNOWN_GATE = ("QC0202", "unknown gate", "`qcompile gates` lists the gates; a `gate` definition adds one.")
    DUPLICATE_NAME = ("QC0203", "name declared twice", "A name means one thing in a program.")
    RESERVED_NAME = ("QC0204", "reserved name", "Keywords, constants and functions cannot be declared again.")
    INDEX_RANGE = ("QC0301", "index out of range", "Indices run from 0 to the register's size less one.")
    REPEATED_WIRE = ("QC0302", "a wire is used twice by one gate", "The wires of one gate are distinct.")
    WRONG_KIND = ("QC0303", "wrong kind of wire", "Qubit gates act on qubits, photonic gates on qumodes.")
    WRONG_ARITY = ("QC0304", "wrong number of wires", "The gate table states how many wires a gate has.")
    WRONG_ANGLES = ("QC0305", "wrong number of angles", "The gate table states how many angles a gate has.")
    NOT_INVERTIBLE = (
        "QC0306",
        "modifier on an operation that has none",
        "Only unitary gates have inverses, controls and powers.",
    )
    NOT_CONSTANT = (
        "QC0307",
        "a constant is needed here",
        "Sizes, indices, loop bounds and powers are known when the program is compiled.",
    )
    BIT_UNASSIGNED = (
        "QC0308",
        "a bit is read before it is measured",
        "A condition reads bits that an earlier `measure` has set.",
    )
    BAD_NUMBER = (
        "QC0309",
        "not a finite number",
        "Angles are finite real numbers: no overflow, no division by zero, no root of a negative.",
    )
    WRONG_RESULT = (
        "QC0310",
        "a measurement result of another kind",
        "Qubits give bits, photon counting gives ints, homodyne detection reals.",
    )
    TOO_LARGE = ("QC0311", "too large", "Sizes are checked before memory is taken.")
    RECURSION = ("QC0312", "a gate defined by itself", "Gate definitions use gates defined before them.")
    SIZES_DIFFER = (
        "QC0313",
        "sizes differ",
        "Registers that are used together have equal sizes; single wires go with any size.",
    )
    NOT_WHOLE = (
        "QC0314",
        "a whole number is needed here",
        "Sizes, indices, loop bounds and repetitions are whole numbers.",
    )
    NOT_UNITARY = (
        "QC0315",
        "not unitary",
        "Gates are unitary: U†U = 1; the Kraus matrices of a channel satisfy Σ K†K = 1.",
    )
    UNBOUNDED = ("QC0316", "a loop without a bound", "A loop that waits for a result states how often it may turn.")
    WRONG_TYPE = ("QC0317", "wrong type", "Numbers, truth values, angles and bits are told apart.")
    UNKNOWN_EFFECT = ("QC0318", "a gate of unknown effect", "Opaque gates can be read, printed and emitted only.")
    NOT_HERMITIAN = (
        "QC0401",
        "the observable is not Hermitian",
        "Symmetrise products that do not commute: `0.5*x[0] p[0] + 0.5*p[0] x[0]`.",
    )
    BAD_OBSERVABLE = (
        "QC0402",
        "not an observable",
        "An observable is a sum of words in X Y Z (qubits) and x p n (qumodes) with real coefficients.",
    )
    NO_RULE = ("QC0501", "no exact rule", "No finite combination of shifted circuits gives this derivative.")
    NOT_DIFFERENTIABLE = (
        "QC0502",
        "not differentiable",
        "Only expectations, variances and probabilities have derivatives.",
    )
    METHOD = ("QC0503", "the method does not apply", "Each method states what it can differentiate.")
    UNSAYABLE = (
        "QC0601",
        "the target cannot say this",
        "The operation has no spelling and no decomposition in the target language.",
    )
    UNBOUND = ("QC0602", "a parameter has no value", "Give it with `--set name=value`, or as a keyword argument.")
    BAD_VALUE = (
        "QC0603",
        "unusable value for a parameter",
        "Values are finite real numbers in the parameter's own shape.",
    )
    NOT_SIMULABLE = ("QC0604", "the simulator cannot run this", "Each simulator states what it covers.")
    UNKNOWN_OPTION = (
        "QC0701",
        "unknown option",
        "Names of passes, methods, targets and devices are listed by the command of that name.",
    )
    BAD_MODULE = (
        "QC0702",
        "a derivative that does not hold together",
        "Rows name templates and slots; components name rows and outputs.",
    )
    MISSING_CLIENT = ("QC0801", "a client is not installed", "Install the extra that the message names.")
    UNUSED_PARAMETER = ("QC0901", "unused parameter", "Nothing in the program depends on it.")
    NO_INFLUENCE = ("QC0902", "a parameter without influence", "No output depends on it: its derivative is zero.")
    NO_EFFECT = ("QC0903", "a gate without effect", "The gate lies outside the light cone of every output.")
    DROPPED = ("QC0904", "not carried over", "The text says something that has no counterpart and changes no result.")
    ROUNDED = ("QC0905", "rounded to a unitary", "The matrix is unitary to its own digits; the nearest one is taken.")

    @property
    def id(self) -> str:
        return self.value[0]

    @property
    def title(self) -> str:
        return self.value[1]

    @property
    def explanation(self) -> str:
        return self.value[2]

    @property
    def severity(self) -> Severity:
        """Warnings have the codes from QC0901."""
        return "warning" if self.id >= "QC09" else "error"


@dataclass(frozen=True, slots=True)
class Source:
    """A named text that spans point into."""

    name: str
    text: str = field(repr=False)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1."""
        before = self.text[:offset]
        return before.count("\n") + 1, offset - before.rfind("\n")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters start to end (exclusive) of a source."""

    source: Source
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Note:
    """Another place that is involved, and how."""

    label: str
    span: Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    code: Code
    label: str
    span: Span | None = None
    help: str = ""
    notes: tuple[Note, ...] = ()

    def render(self) -> str:
        """The message as people read it: code, place, the line with the span underlined, help."""
        lines = [f"{self.code.severity}[{self.code.id}]: {self.code.title}"]
        if self.span is None:
            lines.append(f"  = {self.label}")
        else:
            lines += _excerpt(self.span, self.label)
        for note in self.notes:
            lines += _excerpt(note.span, note.label)
        if self.help:
            lines.append(f"  = help: {self.help}")
        return "\n".join(lines)

    def record(self) -> dict[str, object]:
        """The same as plain data, for `--json`."""
        place: dict[str, object] = {}
        if self.span is not None:
            line, column = self.span.source.position(self.span.start)
            place = {"file": self.span.source.name, "line": line, "column": column}
        return {"code": self.code.id, "title": self.code.title, "label": self.label, "help": self.help, **place}


class CompileError(Exception):
    """A program at fault, with everything found wrong in it."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n\n".join(diagnostic.render() for diagnostic in self.diagnostics))


class CompileWarning(UserWarning):
    """What a reader wants to say of a program that it has read."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic.render())


def error(
    code: Code, label: str, span: Span | None = None, help: str = "", notes: Iterable[Note] = ()
) -> CompileError:
    """One diagnostic, ready to raise."""
    return CompileError([Diagnostic(code, label, span, help, tuple(notes))])


def warn(code: Code, label: str, span: Span | None = None, help: str = "") -> None:
    """Say it by Python's own means: `warnings.catch_warnings` collects it, the command line prints it."""
    warnings.warn(CompileWarning(Diagnostic(code, label, span, help)), stacklevel=2)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Help that offers the nearest known name, or nothing."""
    lower = {word.lower(): word for word in known}
    close = get_close_matches(name.lower(), list(lower), n=1)
    return f"did you mean `{lower[close[0]]}`?" if close else ""


def _excerpt(span: Span, label: str) -> Iterator[str]:
    line, column = span.source.position(span.start)
    begin = span.start - column + 1
    text = span.source.text[begin:].split("\n", 1)[0].rstrip("\r")
    length = max(1, min(span.end - span.start, len(text) - column + 1))
    first = max(0, column - 1 - 70) if len(text) > 140 else 0  # keep the marked part in sight on very long lines
    shown = text[first : first + 140].replace("\t", " ")
    gutter = " " * len(str(line))
    yield f"{gutter} --> {span.source.name}:{line}:{column}"
    yield f"{gutter} |"
    yield f"{line} | {shown}"
    marks = "^" * min(length, len(shown) - (column - 1 - first) or 1)
    label = label if len(label) <= MAX_LABEL else f"{label[:MAX_LABEL]}…"
    yield f"{gutter} | {' ' * (column - 1 - first)}{marks} {label}"
