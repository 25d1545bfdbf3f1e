"""Derivative modules: templates, rows and components of `shifted;`, forward and reverse parts of `adjoint;`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from qcompile.angle import Angle, Element, number
from qcompile.diagnostics import Code, CompileError, Span, did_you_mean, error
from qcompile.grammar import tree
from qcompile.grammar.conditions import Cube, condition
from qcompile.grammar.expressions import angle, element, integer
from qcompile.grammar.observables import operator
from qcompile.grammar.programs import program, result
from qcompile.grammar.readings import readings
from qcompile.grammar.regions import statement
from qcompile.grammar.scope import Scope, Shared
from qcompile.ir import (
    Adjoint,
    AdjointComponent,
    Backward,
    Barrier,
    Certificate,
    Component,
    Covariance,
    Evaluation,
    Exactness,
    Expectation,
    Gradient,
    If,
    Op,
    Reading,
    Row,
    Shifted,
    Template,
    Undo,
)
from qcompile.ir.derivative_rules import misstep

MAX_SLOTS = 10**6
_CLASSES = {member.value.replace(" ", "_"): member for member in Exactness}
_BROKEN = -1
_OBSERVED = ("expect", "unnormalised_expect", "cov")


@dataclass(slots=True)
class Draft:
    """A shifted module in the making. Names that are at fault have the number -1.

    `scope` is that of the weights: it knows the parameters of every template.
    """

    scope: Scope
    templates: list[Template] = field(default_factory=list[Template])
    rows: list[Row] = field(default_factory=list[Row])
    components: list[Component] = field(default_factory=list[Component])
    certificates: list[Certificate] = field(default_factory=list[Certificate])
    seed: int | None = None
    template_numbers: dict[str, int] = field(default_factory=dict[str, int])
    row_numbers: dict[str, int] = field(default_factory=dict[str, int])
    row_names: dict[Row, str] = field(default_factory=dict[Row, str])

    def finished(self) -> Shifted:
        return Shifted(
            tuple(self.templates), tuple(self.rows), tuple(self.components), tuple(self.certificates), self.seed
        )


def shifted(form: tree.Form, nodes: Sequence[tree.Statement], scope: Scope) -> Shifted:
    """The module that `shifted;` and the statements after it make."""
    draft = Draft(scope, seed=_seed(form, scope))
    for node in nodes:
        try:
            _add(node, draft)
        except CompileError as fault:
            scope.faults.add(fault.diagnostics)
    return draft.finished()


def adjoint(nodes: Sequence[tree.Statement], scope: Scope) -> Adjoint:
    """The module that the statements after `adjoint;` make: a forward part, a reverse part, components."""
    forward, reverse = [*nodes[:2], None, None][:2]
    if not (isinstance(forward, tree.Part) and forward.word == "forward"):
        raise error(Code.BAD_MODULE, "there is no forward part", _span(forward, scope), "write `forward { … }` first")
    if not (isinstance(reverse, tree.Part) and reverse.word == "reverse"):
        raise error(Code.BAD_MODULE, "there is no reverse part", _span(reverse, scope), "write `reverse { … }` second")
    made = program(forward.body.statements, scope)
    draft = Adjoint(made, tuple(_backward(reverse.body.statements, scope)), 0, ())
    known = 1 + max((step.slot for step in draft.steps() if isinstance(step, Gradient)), default=-1)
    _check_way_back(draft, reverse, scope)
    components: list[AdjointComponent] = []
    for slot in (parameter.name for parameter in made.parameters if parameter.role == "slot"):
        del scope.names[slot]  # which no component reads
    for node in nodes[2:]:
        try:
            components.append(_adjoint_component(node, known, len(made.outputs), scope))
        except CompileError as fault:
            scope.faults.add(fault.diagnostics)
    return replace(draft, slots=known, components=tuple(components))


def _span(node: tree.Statement | None, scope: Scope) -> Span | None:
    return None if node is None else scope.span(node)


# ---- shifted: templates, rows, components


def _add(node: tree.Statement, draft: Draft) -> None:
    scope = draft.scope
    match node:
        case tree.Template():
            _template(node, draft)
        case tree.Row(name):
            _check_new(name, draft.row_numbers, scope)
            draft.row_numbers[name.text] = _BROKEN
            row = _row(node, draft)
            first = draft.row_names.setdefault(row, name.text)
            if first != name.text:
                advice = f"leave it out, and read `{first}`"
                raise error(Code.BAD_MODULE, f"this row is `{first}` again", scope.span(node), advice)
            draft.rows.append(row)
            draft.row_numbers[name.text] = len(draft.rows) - 1
        case tree.Component():
            draft.components.append(_component(node, draft))
        case tree.Certificate():
            draft.certificates.append(_certificate(node, scope))
        case _:
            advice = "a shifted module holds `template`, `row`, `component` and `certificate` statements"
            raise error(Code.BAD_MODULE, "this belongs inside a template", scope.span(node), advice)


def _template(node: tree.Template, draft: Draft) -> None:
    scope = draft.scope
    _check_new(node.name, draft.template_numbers, scope)
    draft.template_numbers[node.name.text] = len(draft.templates)
    inner = Scope(scope.source, scope.faults, shared=Shared(imports=scope.shared.imports))
    made = program(node.body.statements, inner)
    draft.templates.append(Template(node.name.text, made))
    for parameter in made.parameters:
        if parameter.role != "slot":  # whose value is a row's, and no component's
            scope.names.setdefault(parameter.name, parameter)


def _seed(form: tree.Form, scope: Scope) -> int | None:
    if form.option is None or form.value is None:
        return None
    if form.option.text != "seed":
        advice = "write `shifted;` or `shifted seed 7;`"
        raise error(Code.BAD_MODULE, "this says nothing of a module", scope.span(form.option), advice)
    return integer(form.value, scope, "the seed")


def _certificate(node: tree.Certificate, scope: Scope) -> Certificate:
    found: dict[str, int] = {}
    for name, value in node.counts:
        if name.text not in ("naive", "joint", "least") or name.text in found:
            label = f"`{name.text}` is there already" if name.text in found else f"nothing is counted as `{name.text}`"
            advice = "write `certificate wrt theta = naive 4, joint 2, least 2;`"
            raise error(Code.BAD_MODULE, label, scope.span(name), advice)
        found[name.text] = integer(value, scope, "this count")
    wrt = tuple(_element(operand, scope) for operand in node.wrt)
    naive = found.get("naive", 0)
    return Certificate(wrt, naive, found.get("joint", naive), found.get("least"))


def _check_new(name: tree.Name, known: Mapping[str, int], scope: Scope) -> None:
    if name.text in known:
        raise error(Code.DUPLICATE_NAME, f"`{name.text}` is there already", scope.span(name), "number them: `r0`, `r1`")


def _number(name: tree.Name, known: Mapping[str, int], what: str, scope: Scope) -> int:
    found = known.get(name.text)
    if found is None:
        advice = did_you_mean(name.text, known) or f"write the {what} before it is used"
        raise error(Code.BAD_MODULE, f"no {what} is called `{name.text}`", scope.span(name), advice)
    if found == _BROKEN:
        raise CompileError(())
    return found


def _row(node: tree.Row, draft: Draft) -> Row:
    scope = draft.scope
    template = _number(node.template, draft.template_numbers, "template", scope)
    parameters = {p.name: p for p in draft.templates[template].program.parameters}
    inner = Scope(scope.source, scope.faults, names={**parameters})
    weights = Scope(scope.source, scope.faults, names={n: p for n, p in parameters.items() if p.role != "slot"})
    settings: dict[Element, Angle] = {}
    for operand, value in node.settings:
        slot = _element(operand, inner)
        if parameters[slot.name].role != "slot" or slot in settings:
            label = f"`{slot}` is set already" if slot in settings else f"`{slot}` is not a slot of the template"
            advice = "rows set each slot of their template at most once"
            raise error(Code.BAD_MODULE, label, scope.span(operand), advice)
        settings[slot] = angle(value, weights)
    return Row(template, tuple(sorted(settings.items(), key=lambda setting: _slot_key(setting[0]))))


def _slot_key(slot: Element) -> tuple[str, int]:
    return slot.name, -1 if slot.index is None else slot.index


def _element(operand: tree.Operand, scope: Scope) -> Element:
    """The parameter entry that the operand names."""
    value = element(operand, scope)
    (atom, _) = value.terms[0]
    if not isinstance(atom, Element):
        raise AssertionError(f"{atom} is not a parameter")
    return atom


def _component(node: tree.Component, draft: Draft) -> Component:
    scope = draft.scope

    def find(item: tree.Item) -> Evaluation | None:
        if item.name.text not in draft.row_numbers and item.name.text in scope.names:
            return None
        row = _number(item.name, draft.row_numbers, "row", scope)
        count = len(draft.templates[draft.rows[row].template].program.outputs)
        return Evaluation(row, _index(item, "output", count, scope))

    terms = readings(node.value, scope, find)
    wrt = tuple(_element(operand, scope) for operand in node.wrt)
    made = tuple(Reading(weight, tuple(sorted(found)), tuple(sorted(divided))) for weight, found, divided in terms)
    output = None if isinstance(node.output, tree.Name) and node.output.text == "g" else _output(node, MAX_SLOTS, scope)
    return Component(output, wrt, made, _CLASSES[node.exactness or "exact"])


def _index(item: tree.Item, what: str, count: int, scope: Scope) -> int:
    """The index of `r0[k]` or `g[k]`, below `count`."""
    if isinstance(item.place, tree.Range):
        raise error(Code.BAD_MODULE, f"a range of {what}s", scope.span(item), f"name one {what}: `{item.name.text}[0]`")
    value = integer(item.place, scope, f"the number of the {what}")
    if not 0 <= value < count:
        advice = f"{what}s are numbered from 0 to {count - 1}" if count else f"there are no {what}s"
        raise error(Code.BAD_MODULE, f"there is no {what} {value}", scope.span(item), advice)
    return value


def _output(node: tree.Component, count: int, scope: Scope) -> int:
    if isinstance(node.output, tree.Name) or node.output.name.text != "d":
        advice = "components are written `component d[0] wrt theta = …;`"
        raise error(Code.BAD_MODULE, "this names no output", scope.span(node.output), advice)
    return _index(node.output, "output", count, scope)


# ---- adjoint: the reverse part and its components


def _backward(nodes: Sequence[tree.Statement], scope: Scope) -> list[Backward]:
    steps: list[Backward] = []
    for node in nodes:
        try:
            steps += _steps(node, scope)
        except CompileError as fault:
            scope.faults.add(fault.diagnostics)
    return steps


def _steps(node: tree.Statement, scope: Scope) -> Sequence[Backward]:
    match node:
        case tree.Gradient(slot, generator, within):
            op = None if within is None else _within(within, scope)
            return [Gradient(_slot(slot, MAX_SLOTS, scope), operator(generator, scope), op)]
        case tree.Conditional(((test, then),), otherwise):
            return [_undo(test, then, otherwise, node, scope)]
        case _:
            made = statement(node, scope)
            steps = [step for step in made if not isinstance(step, If | Barrier)]
            if len(steps) != len(made):
                advice = "a reverse part holds gates, `gradient` statements, and what there is to walk back over"
                raise error(Code.BAD_MODULE, "this cannot be walked back", scope.span(node), advice)
            return steps


def _within(node: tree.Application, scope: Scope) -> Op:
    """The one op that a gradient is within."""
    made = statement(node, scope)
    if len(made) != 1 or not isinstance(made[0], Op) or made[0].gate.hamiltonian is None:
        advice = "gradients are read within one gate whose generator holds its parameters"
        raise error(Code.BAD_MODULE, "this is no such gate", scope.span(node), advice)
    return made[0]


def _undo(test: tree.Expression, then: tree.Block, otherwise: tree.Block | None, node: tree.Node, scope: Scope) -> Undo:
    found = condition(test, scope)
    if not isinstance(found, Cube):
        advice = "write the condition as the forward part prints it: bits joined by `&&`"
        raise error(Code.BAD_MODULE, "no region of the forward part has this condition", scope.span(test), advice)
    with scope.deeper(1, node):
        first = tuple(_backward(then.statements, scope))
        second = () if otherwise is None else tuple(_backward(otherwise.statements, scope))
    return Undo(found.bits, *((first, second) if found.holds else (second, first)), scope.span(node))


def _check_way_back(draft: Adjoint, part: tree.Part, scope: Scope) -> None:
    found = misstep(draft.forward, draft.reverse)
    if found is None or scope.faults:
        return
    step, label = found
    span = None if isinstance(step, Gradient) else step.span
    advice = "the reverse part goes back over what is not a gate, from the end of the forward part"
    scope.faults.add(error(Code.BAD_MODULE, label, span or scope.span(part), advice).diagnostics)


def _slot(operand: tree.Operand, count: int, scope: Scope) -> int:
    if isinstance(operand, tree.Name) or operand.name.text != "g":
        raise error(Code.BAD_MODULE, "this names no gradient slot", scope.span(operand), "slots are `g[0]`, `g[1]`, …")
    return _index(operand, "slot", count, scope)


def _adjoint_component(node: tree.Statement, count: int, outputs: int, scope: Scope) -> AdjointComponent:
    if not isinstance(node, tree.Component):
        advice = "after the reverse part come `component` statements"
        raise error(Code.BAD_MODULE, "this has no place in an adjoint module", scope.span(node), advice)
    if len(node.wrt) != 1 or node.exactness:
        advice = "write `component d[0] wrt theta = 1*g[0];`"
        raise error(Code.BAD_MODULE, "an adjoint component has one parameter and no class", scope.span(node), advice)
    found: list[tuple[Angle, int]] = []
    value, observed = _observed(node.value, scope)
    for weight, slots, divisors in readings(value, scope, lambda item: _known_slot(item, count, scope)):
        if len(slots) != 1 or divisors:
            advice = "write `0.5*g[0] + 2*g[1]`"
            raise error(Code.BAD_MODULE, "a term without just one slot", scope.span(node.value), advice)
        found.append((weight, slots[0]))
    return AdjointComponent(_output(node, outputs, scope), _element(node.wrt[0], scope), tuple(found), observed)


def _observed(
    node: tree.Expression, scope: Scope
) -> tuple[tree.Expression, tuple[tuple[Angle, Expectation | Covariance], ...]]:
    """The sum without its terms `weight*expect(…)` and `weight*cov(…)`, and those."""
    terms = node.terms if isinstance(node, tree.Total) else ((False, node),)
    others: list[tuple[bool, tree.Expression]] = []
    found: list[tuple[Angle, Expectation | Covariance]] = []
    for negative, term in terms:
        *weights, (sign, last) = term.factors if isinstance(term, tree.Times) else (("*", term),)
        if not isinstance(last, tree.Call) or last.function.text not in _OBSERVED or sign != "*":
            others.append((negative, term))
            continue
        output = result(tree.Result(last.function.text, last.arguments, last.start, last.end), scope)
        if not isinstance(output, Expectation | Covariance):
            raise AssertionError(f"`{last.function.text}` is no observable's")
        whole = angle(tree.Times(tuple(weights), term.start, term.end), scope) if weights else number(1.0)
        found.append((-whole if negative else whole, output))
    if not found:
        return node, ()
    rest = tree.Total(tuple(others), node.start, node.end) if others else tree.Number("0", node.start, node.end)
    return rest, tuple(found)


def _known_slot(item: tree.Item, count: int, scope: Scope) -> int | None:
    return _slot(item, count, scope) if item.name.text == "g" else None
