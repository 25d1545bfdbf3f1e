"""The faults that are told apart: an id, a title, and in `pages/` what it means, what causes it and what cures it."""

from __future__ import annotations

from enum import Enum
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]


class Code(Enum):
    """Everything the compiler reports of a program."""

    SYNTAX = ("QC0101", "syntax error")
    NOT_TEXT = ("QC0102", "not a text file")
    EMPTY = ("QC0103", "empty program")
    TOO_DEEP = ("QC0104", "nested too deeply")
    UNKNOWN_LANGUAGE = ("QC0105", "unknown language")
    UNREADABLE = ("QC0106", "cannot read the file")
    UNWRITABLE = ("QC0107", "cannot write the output")
    UNTERMINATED = ("QC0108", "the text ends too early")
    MISPLACED = ("QC0109", "a statement out of place")
    OUT_OF_REACH = ("QC0110", "beyond what is read")
    IMPORT = ("QC0111", "cannot import this file")
    UNKNOWN_NAME = ("QC0201", "undeclared name")
    UNKNOWN_GATE = ("QC0202", "unknown gate")
    DUPLICATE_NAME = ("QC0203", "name declared twice")
    RESERVED_NAME = ("QC0204", "reserved name")
    INDEX_RANGE = ("QC0301", "index out of range")
    REPEATED_WIRE = ("QC0302", "a wire is used twice by one gate")
    WRONG_KIND = ("QC0303", "wrong kind of wire")
    WRONG_ARITY = ("QC0304", "wrong number of wires")
    WRONG_ANGLES = ("QC0305", "wrong number of angles")
    NOT_INVERTIBLE = ("QC0306", "modifier on an operation that has none")
    NOT_CONSTANT = ("QC0307", "a constant is needed here")
    BIT_UNASSIGNED = ("QC0308", "a bit is read before it is measured")
    BAD_NUMBER = ("QC0309", "not a finite number")
    WRONG_RESULT = ("QC0310", "a measurement result of another kind")
    TOO_LARGE = ("QC0311", "too large")
    RECURSION = ("QC0312", "a gate defined by itself")
    SIZES_DIFFER = ("QC0313", "sizes differ")
    NOT_WHOLE = ("QC0314", "a whole number is needed here")
    NOT_UNITARY = ("QC0315", "not unitary")
    UNBOUNDED = ("QC0316", "a loop without a bound")
    WRONG_TYPE = ("QC0317", "wrong type")
    UNKNOWN_EFFECT = ("QC0318", "a gate of unknown effect")
    NOT_HERMITIAN = ("QC0401", "the observable is not Hermitian")
    BAD_OBSERVABLE = ("QC0402", "not an observable")
    NO_RULE = ("QC0501", "no exact rule")
    NOT_DIFFERENTIABLE = ("QC0502", "not differentiable")
    METHOD = ("QC0503", "the method does not apply")
    UNSAYABLE = ("QC0601", "the target cannot say this")
    UNBOUND = ("QC0602", "a parameter has no value")
    BAD_VALUE = ("QC0603", "unusable value for a parameter")
    NOT_SIMULABLE = ("QC0604", "the simulator cannot run this")
    NO_OUTPUT = ("QC0605", "the program returns nothing")
    UNKNOWN_OPTION = ("QC0701", "unknown option")
    BAD_MODULE = ("QC0702", "a derivative that does not hold together")
    CHECKPOINT = ("QC0703", "a checkpoint of something else")
    MISSING_CLIENT = ("QC0801", "a client is not installed")
    UNUSED_PARAMETER = ("QC0901", "unused parameter")
    NO_INFLUENCE = ("QC0902", "a parameter without influence")
    NO_EFFECT = ("QC0903", "a gate without effect")
    DROPPED = ("QC0904", "not carried over")
    ROUNDED = ("QC0905", "rounded to a unitary")

    @property
    def id(self) -> str:
        return self.value[0]

    @property
    def title(self) -> str:
        return self.value[1]

    @property
    def severity(self) -> Severity:
        """Warnings have the codes from QC0901."""
        return "warning" if self.id >= "QC09" else "error"
