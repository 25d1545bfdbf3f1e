"""The languages of programs, read and written: what they are called and what their files end in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its name on the command line, its name in sentences, and the ending of its files."""

    name: str
    title: str
    ending: str


LANGUAGES = {
    language.name: language
    for language in (
        Language("qc", "qcompile", ".qc"),
        Language("openqasm3", "OpenQASM 3", ".qasm"),
        Language("openqasm2", "OpenQASM 2", ".qasm"),
        Language("quil", "Quil", ".quil"),
        Language("blackbird", "Blackbird", ".xbb"),
    )
}
