"""From a text of Blackbird to a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qcompile.angle import Angle, substitute
from qcompile.diagnostics import Code, CompileError, Source, Span, did_you_mean, error
from qcompile.grammar.assembly import Assembly
from qcompile.grammar.blackbird import circuit, headers, tree, values
from qcompile.grammar.blackbird.operations import Step
from qcompile.grammar.blackbird.scripts import Included, Script, Template
from qcompile.grammar.blackbird.signatures import Applied, Argument, kind_of, name_place, operation_names
from qcompile.grammar.blackbird.syntax import read_statements
from qcompile.grammar.blackbird.values import Array, Scalar
from qcompile.grammar.checks import MAX_OPS, counted
from qcompile.grammar.includes import Files, Wording
from qcompile.grammar.languages import ReadOptions
from qcompile.grammar.scope import Faults, TooManyFaultsError
from qcompile.grammar.walk import parts
from qcompile.ir import Op, Program

_WORDING = Wording(
    nowhere=("this text comes from no folder to include from", "read the program from its file"),
    outside=("this file lies outside the program's folder", "move it there, and write its path from this file"),
    missing=("there is no file `{name}`", "write its path from this file's folder"),
    ring=("`{name}` includes this file", "files do not include each other in a ring"),
)


def read(source: Source, options: ReadOptions) -> Program:
    """The program that a text of Blackbird stands for.

    One register `q` has as many qumodes as the highest mode that is named, and one more; parameters in braces are
    trained; results are the cells `q0`, `q1`, …, which are returned as samples.

    Raises:
        CompileError: with everything found wrong.

    Warns:
        CompileWarning: DROPPED, ROUNDED.
    """
    file = _File(source, read_statements(source), options.folder)
    headers.warn_of_options(source, file.statements)
    reading = _Reading(source, options)
    faults = reading.assembly.faults
    try:
        steps = reading.outermost(file)
        modes = 1 + max((mode for step in steps for mode in _modes(step)), default=-1)
        if not modes:
            faults.add(_nothing(source).diagnostics if not faults else ())
            raise faults.raised()
        return circuit.program(steps, modes, reading.assembly)
    except CompileError as fault:
        known = faults.raised().diagnostics
        raise CompileError(dict.fromkeys([*known, *fault.diagnostics])) from None
    except TooManyFaultsError:
        raise faults.raised() from None


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """A text, and where it lies."""

    source: Source
    statements: Sequence[tree.Statement]
    folder: Path | None


class _Reading:
    """What the files of one program share."""

    def __init__(self, source: Source, options: ReadOptions) -> None:
        self.assembly = Assembly(source)
        self._options = options
        self._files: dict[Path, _File] = {}
        self._opened = Files(options.folder, _WORDING)
        self._parameters: dict[str, tuple[tuple[Angle, ...], int | None]] = {}
        self._ops = 0

    def outermost(self, file: _File) -> list[Step]:
        """The steps of the program; faults are noted."""
        faults = self.assembly.faults
        own = headers.program_name(file.source, file.statements, lambda found: faults.add([found]))
        return self._run(file, own, faults, self._free)

    def _run(self, file: _File, own: str, faults: Faults, template: Template) -> list[Step]:
        programs = {own: Included(None, _refuse)} if own and own not in operation_names() else {}
        for statement in file.statements:
            if isinstance(statement, tree.Included):
                try:
                    self._include(statement, file, programs)
                except CompileError as fault:
                    faults.add(fault.diagnostics)
        script = Script(file.source, faults, template, self._spend, programs)
        script.run(file.statements)
        return script.steps

    def _spend(self, count: int, place: Span | None) -> None:
        self._ops += count
        if self._ops > MAX_OPS:
            label = f"the program has more than {MAX_OPS} operations here"
            raise error(Code.TOO_LARGE, label, place, "shorten its loops, or split it")

    def _free(self, name: tree.Name, size: int | None, place: Span) -> tuple[Scalar, ...]:
        """A parameter of the whole program."""
        if name.text not in self._parameters:
            self._parameters[name.text] = (self.assembly.parameter(name.text, size, "param", place), size)
        angles, known = self._parameters[name.text]
        if known != size:
            label = f"`{name.text}` is one number at one place and an array at another, or of another size"
            raise error(Code.SIZES_DIFFER, label, place, "give them different names")
        return angles

    # ---- includes

    def _include(self, node: tree.Included, file: _File, programs: dict[str, Included]) -> None:
        """Add the program of the file; one that is included twice is there once."""
        place = Span(file.source, node.path.start, node.path.end)
        written = node.path.text
        path = self._opened.find(written, place, file.folder)
        self._opened.check_ring(path, written, place)
        if path not in self._files:
            source = Source(written, self._opened.text(path, written, place))
            self._files[path] = _File(source, read_statements(source), path.parent)
        inner, found = self._files[path], Faults()
        if inner.source.text == file.source.text:
            raise self._opened.ring(written, place)
        name = headers.program_name(inner.source, inner.statements, lambda fault: found.add([fault]))
        if found:
            raise found.raised()
        known = programs.get(name)
        if known is not None and known.path != path:
            advice = "an operation is called as the program of its file: rename one"
            raise error(Code.DUPLICATE_NAME, f"another program is called `{name}`", place, advice)
        programs[name] = Included(path, lambda applied: self._call(inner, name, path, applied))

    def _call(self, file: _File, name: str, path: Path, applied: Applied) -> list[Step]:
        """The steps of an included program on the modes that it is applied to."""
        _check_keywords(applied, file.statements)
        given = dict(applied.keywords)
        faults = Faults()

        def template(node: tree.Name, size: int | None, _: Span) -> tuple[Scalar, ...]:
            return _entries(given[node.text], node.text, size, applied)

        self._spend(len(file.statements), applied.span)
        try:
            with self._opened.reading(path, applied.name, applied.span):
                made = self._run(file, name, faults, template)
        except TooManyFaultsError:
            raise faults.raised() from None
        if faults:
            raise faults.raised()
        own = sorted({mode for step in made for mode in _modes(step)})
        if len(own) != len(applied.modes):
            label = f"`{name}` acts on {counted(len(own), 'mode', 'modes')}, not {len(applied.modes)}"
            raise error(Code.WRONG_ARITY, label, applied.span, "name one for each, in the order of their numbers there")
        return [_moved(step, dict(zip(own, applied.modes, strict=True))) for step in made]


def _refuse(applied: Applied) -> list[Step]:
    label = f"`{applied.name}` is this program itself"
    raise error(Code.RECURSION, label, name_place(applied), "a program includes others, and not itself")


def _check_keywords(applied: Applied, statements: Sequence[tree.Statement]) -> None:
    """A program's parameters are the keywords of its operation, all of them and no others."""
    wanted = list(dict.fromkeys(_templates(statements)))
    usage = ", ".join(f"{name}=…" for name in wanted)
    advice = f"write `{applied.name}({usage}) | …`" if wanted else f"write `{applied.name} | …`"
    if applied.arguments:
        label = f"the arguments of `{applied.name}` go by their names"
        raise error(Code.WRONG_ANGLES, label, applied.span, advice)
    missing = [f"`{name}`" for name in wanted if name not in applied.keywords]
    if missing:
        raise error(Code.WRONG_ANGLES, f"`{applied.name}` needs {' and '.join(missing)}", applied.span, advice)
    for keyword in applied.keywords:
        if keyword not in wanted:
            label = f"`{applied.name}` has no parameter `{keyword}`"
            raise error(Code.WRONG_ANGLES, label, applied.span, did_you_mean(keyword, wanted) or advice)
    for k, mode in enumerate(applied.modes):
        if mode in applied.modes[:k]:
            advice = f"`{applied.name}` acts on different modes"
            raise error(Code.REPEATED_WIRE, f"mode {mode} stands here twice", applied.places[k], advice)


def _templates(node: object) -> Iterator[str]:
    """The names in braces, anywhere in a tree; brackets nest to a fixed depth."""
    if isinstance(node, tree.Template):
        yield node.name.text
    for part in parts(node):
        yield from _templates(part)


def _entries(given: Argument, name: str, size: int | None, applied: Applied) -> tuple[Scalar, ...]:
    if size is None and not isinstance(given, Array | str | bool | tuple | None):
        return (given,)
    if size is not None and isinstance(given, Array) and len(given.entries) == size:
        return given.entries
    wanted = "a number" if size is None else f"an array of {size} entries"
    label = f"`{name}` of `{applied.name}` is {wanted}, and this is {kind_of(given)}"
    raise error(Code.WRONG_TYPE, label, applied.span, "give it what the included file makes of it")


def _modes(step: Step) -> tuple[int, ...]:
    """The modes that a step names, those whose results it reads with them."""
    angles, wires = (step.angles, step.wires) if isinstance(step, Op) else ((step.angle,), (step.wire,))
    return (*wires, *(mode for angle in angles for mode in values.results_in(angle)))


def _moved(step: Step, modes: Mapping[int, int]) -> Step:
    results = {values.result_element(own): values.result(mode) for own, mode in modes.items()}
    if isinstance(step, Op):
        angles = tuple(substitute(angle, results) for angle in step.angles)
        return replace(step, wires=tuple(modes[wire] for wire in step.wires), angles=angles)
    return replace(step, wire=modes[step.wire], angle=substitute(step.angle, results))


def _nothing(source: Source) -> CompileError:
    advice = "apply operations to modes: `Vac | 0`"
    return error(Code.EMPTY, f"{source.name} acts on no mode", None, advice)
