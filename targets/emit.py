"""Programs as text for the target languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.gates import Kind
from qcompile.grammar import to_text
from qcompile.ir import Adjoint, Module, Program, Samples, Shifted
from qcompile.languages import LANGUAGES as KNOWN
from qcompile.passes import Optimize, lowering
from qcompile.targets import blackbird, openqasm2, openqasm3, quil
from qcompile.targets.binding import free_elements
from qcompile.targets.expressions import Names, emitted_names
from qcompile.targets.settings import measured
from qcompile.targets.writing import unsayable


@dataclass(frozen=True, slots=True)
class Language:
    """A language as one that is written.

    Attributes:
        kind: of the wires that it has.
        arrays: its parameters may be arrays.
        parametric: it has free parameters.
    """

    name: str
    kind: Kind
    write: Callable[[Program, Names], str]
    arrays: bool = False
    parametric: bool = True

    @property
    def title(self) -> str:
        return KNOWN[self.name].title

    @property
    def ending(self) -> str:
        return KNOWN[self.name].ending


LANGUAGES = {
    language.name: language
    for language in (
        Language("openqasm3", "qubit", openqasm3.write),
        Language("openqasm2", "qubit", openqasm2.write, parametric=False),
        Language("quil", "qubit", quil.write, arrays=True),
        Language("blackbird", "qumode", blackbird.write),
    )
}


def emit(program: Module, language: str, optimize: int = 2) -> str:
    """The optimised program as one parametric text; global phases are dropped except in our own language.

    Nothing is measured that the program does not measure, but wires that it returns samples of. A program that returns
    no more than what it has measured is kept whole: the state that it leaves may be what it is for.

    Raises:
        CompileError: UNKNOWN_LANGUAGE; UNSAYABLE; UNBOUND for OpenQASM 2, which has no parameters.
    """
    if language == "qc":
        return to_text(_lowered(program, language, optimize))
    target = find_language(language)
    match program:
        case Program():
            check_sayable(program, target)
            legal = _lowered(program, language, optimize)
            if not isinstance(legal, Program):
                raise AssertionError("a pass made a derivative of a program")
            return write(_with_samples(legal), target)
        case Shifted() | Adjoint():
            label = f"a derivative has no form as one {target.title} program"
            raise error(Code.UNSAYABLE, label, None, "write it as a bundle: `qcompile grad FILE --to LANG -o DIR`")


def _lowered(module: Module, language: str, level: int) -> Module:
    steps = lowering(language, level) if language != "qc" else Optimize(level)
    if not isinstance(module, Program) or any(not isinstance(o, Samples) or o.wires for o in module.outputs):
        return steps(module)
    made = steps(replace(module, outputs=()))  # without outputs, nothing lies outside their light cones
    if not isinstance(made, Program):
        raise AssertionError("a pass made a derivative of a program")
    return replace(made, outputs=module.outputs)


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
            able = ", ".join(f"`{other.name}`" for other in LANGUAGES.values() if other.kind == register.kind)
            span = register.span or next((s.span for s in program.statements() if s.span), None)
            raise unsayable(f"{language.title} has no {register.kind}s", span, f"languages that have: {able}, `qc`")
    free = () if language.parametric else free_elements(program)
    if free:
        span = next(parameter.span for parameter in program.parameters if parameter.name == free[0].name)
        cure = f"give numbers, as in `--set {free[0].name}=0.1`, or emit OpenQASM 3"
        raise error(Code.UNBOUND, f"{language.title} has no parameters, and this one is free", span, cure)


def _with_samples(program: Program) -> Program:
    wires = dict.fromkeys(wire for output in program.outputs if isinstance(output, Samples) for wire in output.wires)
    return measured(program, tuple(("Z" if program.kinds[wire] == "qubit" else "n", wire) for wire in wires))
