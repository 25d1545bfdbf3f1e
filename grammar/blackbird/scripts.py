"""The statements of a Blackbird file in order: variables, arrays, loops, and the ops of its operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, assert_never

from qcompile.angle import Angle
from qcompile.diagnostics import Code, CompileError, Note, Source, Span, error
from qcompile.grammar.blackbird import tree, values
from qcompile.grammar.blackbird.expressions import BROKEN, BrokenType, Scope, scalar, value, whole
from qcompile.grammar.blackbird.operations import Step, steps
from qcompile.grammar.blackbird.signatures import Applied, Argument, kind_of
from qcompile.grammar.blackbird.values import FUNCTION_NAMES, Array, Scalar, Value
from qcompile.grammar.checks import MAX_OPS, MAX_WIRES, counted
from qcompile.grammar.scope import Faults

Template: TypeAlias = Callable[[tree.Name, int | None, Span], tuple[Scalar, ...]]
"""The values of a free parameter: one, or as many as its array has entries."""


@dataclass(frozen=True, slots=True)
class Included:
    """The program of a file, which is an operation."""

    path: Path | None
    run: Callable[[Applied], list[Step]]


@dataclass(slots=True)
class Script:
    """One run through the statements of one file.

    Attributes:
        template: what `{name}` is here.
        spend: counts ops; raises TOO_LARGE.
        programs: the included programs by name.
    """

    source: Source
    faults: Faults
    template: Template
    spend: Callable[[int, Span | None], None]
    programs: Mapping[str, Included]
    steps: list[Step] = field(default_factory=list[Step])
    variables: dict[str, Value | BrokenType] = field(default_factory=dict[str, "Value | BrokenType"])
    _declared: dict[str, tuple[str, Span]] = field(default_factory=dict[str, tuple[str, Span]])

    def run(self, statements: Sequence[tree.Statement]) -> None:
        """Take all statements; each fault is noted and the next statement is taken."""
        for statement in statements:
            try:
                self._take(statement)
            except CompileError as fault:
                self.faults.add(fault.diagnostics)

    def scope(self) -> Scope:
        def template(node: tree.Template) -> Scalar:
            return self.template(node.name, None, self._span(node))[0]

        return Scope(self.source, self.variables, template, self._measured)

    def _take(self, statement: tree.Statement) -> None:
        match statement:
            case tree.Header() | tree.Included():
                return
            case tree.Variable():
                self._declare(statement.kind, statement.name)
                self._set(statement.name, lambda: self._scalar(statement))
            case tree.Array():
                self._declare(f"{statement.kind} array", statement.name)
                self._set(statement.name, lambda: self._array(statement))
            case tree.Operation():
                self._operation(statement)
            case tree.Loop():
                self._loop(statement)
            case _:
                assert_never(statement)

    # ---- variables

    def _declare(self, kind: str, name: tree.Name) -> None:
        """A variable may be set again, by a declaration of the same type; raises RESERVED_NAME, DUPLICATE_NAME."""
        if name.text in FUNCTION_NAMES or name.text == "pi" or (name.text[0] == "q" and name.text[1:].isdigit()):
            what = "the result of a mode" if name.text[0] == "q" else "a function"
            raise error(Code.RESERVED_NAME, f"`{name.text}` is {what}", self._span(name), f"call it `{name.text}_`")
        known, place = self._declared.setdefault(name.text, (kind, self._span(name)))
        if known != kind:
            label = f"`{name.text}` is of type `{known}` already"
            notes = (Note("its first declaration", place),)
            raise error(Code.DUPLICATE_NAME, label, self._span(name), "choose another name", notes)

    def _set(self, name: tree.Name, found: Callable[[], Value]) -> None:
        """Where the value is at fault, the uses of the variable are not reported again."""
        try:
            self.variables[name.text] = found()
        except CompileError:
            self.variables[name.text] = BROKEN
            raise

    def _scalar(self, node: tree.Variable) -> Value:
        return self._converted(value(node.value, self.scope()), node.kind, node.value)

    def _converted(self, found: Value, kind: str, node: tree.Value) -> Value:
        """The value as its type has it; raises WRONG_TYPE."""
        match kind, found:
            case ("str", str()) | ("bool", bool()):
                return found
            case ("complex", complex()):
                return found
            case ("float" | "complex", Angle()):
                return found
            case ("int", Angle()) if not found.is_constant or float(found).is_integer():
                return found
            case _:
                what = "a number that is not whole" if kind == "int" and isinstance(found, Angle) else kind_of(found)
                label = f"this is {what}, and the type is `{kind}`"
                raise error(Code.WRONG_TYPE, label, self._span(node), "change the type or the value")

    def _array(self, node: tree.Array) -> Array:
        shape = tuple(whole(size, self.scope(), "a size") for size in node.shape)
        first = node.rows[0][0]
        if len(node.rows) == len(node.rows[0]) == 1 and isinstance(first, tree.Template) and shape:
            return self._template_array(first, shape)
        found: list[tuple[Scalar, ...]] = []
        for row in node.rows:
            entries = tuple(scalar(entry, self.scope()) for entry in row)
            for entry, written in zip(entries, row, strict=True):
                self._converted(entry, node.kind, written)
            if found and len(entries) != len(found[0]):
                label = f"this row has {counted(len(entries), 'entry', 'entries')}, and the first {len(found[0])}"
                raise error(Code.SIZES_DIFFER, label, self._row(row), "the rows of an array are equally long")
            found.append(entries)
        actual = (len(found), len(found[0]))
        if shape not in ((), actual):
            label = f"the shape is {list(shape)}, and the rows make {list(actual)}"
            raise error(Code.SIZES_DIFFER, label, self._span(node.name), "leave the shape out, or complete the rows")
        return Array(tuple(found))

    def _template_array(self, node: tree.Template, shape: tuple[int, ...]) -> Array:
        """`{U}` in the place of all entries: a parameter that is an array."""
        rows, columns = (1, *shape)[-2:]
        if len(shape) > 2 or min(rows, columns) < 1 or rows * columns > MAX_WIRES:
            label = f"a shape of {list(shape)}"
            raise error(Code.INDEX_RANGE, label, self._span(node), "write rows and columns: `[2, 2]`")
        entries = self.template(node.name, rows * columns, self._span(node))
        return Array(tuple(entries[row * columns : (row + 1) * columns] for row in range(rows)))

    # ---- operations

    def _operation(self, node: tree.Operation) -> None:
        scope = self.scope()
        arguments: list[Argument] = []
        keywords: dict[str, Argument] = {}
        for argument in node.arguments:
            if not isinstance(argument, tree.Keyword):
                self._check_position(argument, keywords)
                arguments.append(value(argument, scope))
                continue
            if argument.name.text in keywords:
                label = f"the argument `{argument.name.text}` is given twice"
                raise error(Code.DUPLICATE_NAME, label, self._span(argument), "give it once")
            keywords[argument.name.text] = self._keyword(argument.value, scope)
        modes = tuple(self._mode(mode, scope) for mode in node.modes)
        places = tuple(map(self._span, node.modes))
        applied = Applied(node.name.text, modes, tuple(arguments), keywords, self._span(node), places)
        program = self.programs.get(applied.name)
        made = steps(applied) if program is None else program.run(applied)
        self.spend(max(1, len(made)), self._span(node))
        self.steps += made

    def _check_position(self, argument: tree.Value, keywords: Mapping[str, Argument]) -> None:
        if keywords:
            label = "an argument without a name follows one with a name"
            raise error(Code.SYNTAX, label, self._span(argument), "put it first, or name it")

    def _keyword(self, node: tree.Value | tree.Listed, scope: Scope) -> Argument:
        if isinstance(node, tree.Listed):
            return tuple(value(item, scope) for item in node.items)
        return value(node, scope)

    def _mode(self, node: tree.Expression, scope: Scope) -> int:
        mode = whole(node, scope, "a mode")
        if mode < 0:
            raise error(Code.INDEX_RANGE, f"there is no mode {mode}", self._span(node), "modes are counted from 0")
        if mode >= MAX_WIRES:
            label = f"mode {mode:.3g}" if mode > 10**12 else f"mode {mode}"
            raise error(Code.TOO_LARGE, label, self._span(node), f"a program has at most {MAX_WIRES} modes")
        return mode

    def _measured(self, mode: int, place: Span) -> Angle:
        if mode >= MAX_WIRES:
            raise error(Code.TOO_LARGE, "no mode has this number", place, f"a program has at most {MAX_WIRES} modes")
        return values.result(mode)

    # ---- loops

    def _loop(self, node: tree.Loop) -> None:
        name = node.variable.text
        if name in self.variables:
            label = f"`{name}` is a variable already"
            advice = "choose another name for what the loop counts"
            raise error(Code.DUPLICATE_NAME, label, self._span(node.variable), advice)
        self._declare(node.kind, node.variable)
        try:
            for turn in self._turns(node):
                self.variables[name] = turn
                known = len(self.faults.found)
                self.run(node.body)
                if len(self.faults.found) > known:
                    break
        finally:
            self.variables.pop(name, None)
            self._declared.pop(name, None)

    def _turns(self, node: tree.Loop) -> Sequence[Value]:
        scope, listed = self.scope(), node.turns
        if isinstance(listed, tree.Listed):
            return [self._converted(value(item, scope), node.kind, item) for item in listed.items]
        first, last = whole(listed.first, scope, "a bound"), whole(listed.last, scope, "a bound")
        step = 1 if listed.step is None else whole(listed.step, scope, "a step")
        if step == 0:
            raise error(Code.BAD_NUMBER, "a step of zero never ends", self._span(listed), "write `0:10:2`, or `0:10`")
        if node.kind not in ("int", "float"):
            label = f"a range counts whole numbers, and the type is `{node.kind}`"
            raise error(Code.WRONG_TYPE, label, self._span(listed), f"write `for int {node.variable.text} in …`")
        count = max(0, -((first - last) // step))
        if count > MAX_OPS:
            label = f"this loop turns {count if count < 10**15 else 'far too many'} times"
            raise error(Code.TOO_LARGE, label, self._span(listed), f"a program has at most {MAX_OPS} operations")
        return [values.whole(turn) for turn in range(first, last, step)]

    def _row(self, row: Sequence[tree.Expression]) -> Span:
        return Span(self.source, row[0].start, row[-1].end)

    def _span(self, node: tree.Node) -> Span:
        return Span(self.source, node.start, node.end)
