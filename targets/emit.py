"""Programs as text for the target languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.gates import Kind
from qcompile.grammar import to_text
from qcompile.ir import Adjoint, Module, Program, Samples, Shifted
from qcompile.passes import Optimize, lowering
from qcompile.targets import blackbird, openqasm2, openqasm3, quil
from qcompile.targets.binding import free_elements
from qcompile.targets.expressions import Names, emitted_names
from qcompile.targets.settings import measured
from qcompile.targets.writing import unsayable


@dataclass(frozen=True, slots=True)
class Language:
    """A target language.

    Attributes:
        kind: of the wires that it has.
        arrays: its parameters may be arrays.
        parametric: it has free parameters.
    """

    name: str
    title: str
    suffix: str
    kind: Kind
    write: Callable[[Program, Names], str]
    arrays: bool = False
    parametric: bool = True


LANGUAGES = {
    language.name: language
    for language in (
        Language("openqasm3", "OpenQASM 3", ".qasm", "qubit", openqasm3.write),
        Language("openqasm2", "OpenQASM 2", ".qasm", "qubit", openqasm2.write, parametric=False),
        Language("quil", "Quil", ".quil", "qubit", quil.write, arrays=True),
        Language("blackbird", "Blackbird", ".xbb", "qumode", blackbird.write),
    )
}


def emit(program: Module, language: str, optimize: int = 2) -> str:
    """The optimised program as one parametric text; global phases are dropped except in our own language.

    Nothing is measured that the program does not measure, but wires that it returns samples of.

    Raises:
        CompileError: UNKNOWN_LANGUAGE; UNSAYABLE; UNBOUND for OpenQASM 2, which has no parameters.
    """
    if language == "qc":
        return to_text(Optimize(optimize)(program))
    target = find_language(language)
    match program:
        case Program():
            check_sayable(program, target)
            legal = lowering(language, optimize)(program)
            if not isinstance(legal, Program):
                raise AssertionError("a pass made a derivative of a program")
            return write(_with_samples(legal), target)
        case Shifted() | Adjoint():
            label = f"a derivative has no form as one {target.title} program"
            raise error(Code.UNSAYABLE, label, None, "write it as a bundle: `qcompile grad FILE --to LANG -o DIR`")


def find_language(name: str) -> Language:
    """The target language of that name.

    Raises:
        CompileError: UNKNOWN_LANGUAGE.
    """
    if name not in LANGUAGES:
        known = [*LANGUAGES, "qc"]
        cure = did_you_mean(name, known) or f"the languages are {', '.join(known)}"
        raise error(Code.UNKNOWN_LANGUAGE, f"no language `{name}` to write", None, cure)
    return LANGUAGES[name]


def write(program: Program, language: Language, names: Names | None = None) -> str:
    """The text of a legalized program."""
    return language.write(program, names or emitted_names([program], language.arrays))


def check_sayable(program: Program, language: Language) -> None:
    """The language has the program's kinds of wires, and its parameters.

    Raises:
        CompileError: UNSAYABLE or UNBOUND.
    """
    for register in program.registers:
        if register.is_quantum and register.kind != language.kind:
            raise unsayable(f"{language.title} has no {register.kind}s", register.span)
    free = () if language.parametric else free_elements(program)
    if free:
        span = next(parameter.span for parameter in program.parameters if parameter.name == free[0].name)
        cure = f"give numbers, as in `--set {free[0].name}=0.1`, or emit OpenQASM 3"
        raise error(Code.UNBOUND, f"{language.title} has no parameters, and this one is free", span, cure)


def _with_samples(program: Program) -> Program:
    wires = dict.fromkeys(wire for output in program.outputs if isinstance(output, Samples) for wire in output.wires)
    return measured(program, tuple(("Z" if program.kinds[wire] == "qubit" else "n", wire) for wire in wires))
