"""`qcompile stats`: what a program costs."""

from __future__ import annotations

from dataclasses import asdict
from math import ceil
from typing import TYPE_CHECKING, Any

import click

from qcompile.cli.options import (
    check_returns,
    file_argument,
    json_option,
    load_module,
    load_program,
    method_option,
    observable_option,
    wrt_option,
)
from qcompile.cli.results import certificates, costs, known
from qcompile.cli.session import current_session
from qcompile.cli.terminal import print_table, spinner
from qcompile.diagnostics import Code, error

if TYPE_CHECKING:
    from qcompile.ir import Module, Shifted

LEVELS = range(4)
ERROR = 0.01


@click.command()
@file_argument
@click.option("--grad", "with_gradient", is_flag=True, help="Also what the gradient costs on hardware.")
@click.option("--plan", "with_plan", is_flag=True, help="Instead, how the fused simulator would run it.")
@method_option
@wrt_option
@observable_option
@json_option
def stats(
    file: str,
    with_gradient: bool,
    with_plan: bool,
    method: str,
    wrt: tuple[str, ...],
    observable: str | None,
    as_json: bool,
) -> None:
    """Count the gates of FILE at each level of optimisation.

    And as written; with --grad also what its gradient costs, and with --plan instead which gates the simulator fuses.
    """
    from qcompile.passes import Inline, Optimize
    from qcompile.passes.cost import cost

    if with_plan:
        _print_plan(file, observable, as_json or with_gradient)
        return
    module = load_module(file, observable)
    if with_gradient:
        check_returns(module, file)
    rows = {"as written": asdict(cost(module))}
    with spinner("optimising"):
        for level in LEVELS:
            rows[f"-O{level}"] = asdict(cost(Optimize(level)(Inline()(module))))
    found = _gradient_costs(module, wrt, method) if with_gradient else {}
    if as_json:
        current_session().print_json({"cost": rows, **({"gradient": found} if found else {})})
        return
    columns = [name.replace("_", "-") for name in rows["as written"]]
    print_table(["", *columns], [[name, *row.values()] for name, row in rows.items()])
    if found:
        _print_gradient(found)


def _print_plan(file: str, observable: str | None, has_other: bool) -> None:
    from qcompile.run import compiled
    from qcompile.targets.engine.fused import Fused
    from qcompile.targets.engine.printing import plan_text

    if has_other:
        raise click.UsageError("--plan is a text of its own: leave out --grad and --json")
    program = compiled(load_program(file, observable))
    plan = Fused(program).plan
    if plan is None:
        label = "the fused simulator runs unitary programs of qubits, with gates on few wires"
        raise error(Code.NOT_SIMULABLE, label, help="others run on the other engines: see docs/simulators.md")
    click.echo(plan_text(program, plan))


def _print_gradient(found: dict[str, Any]) -> None:
    entries, groupings = found.pop("certificates"), found.pop("groupings")
    click.echo()
    print_table(["gradient", ""], [(name, known(value)) for name, value in found.items()])
    columns = ("used", "joint", "naive", "least")
    whole = {**found, "wrt": ["all"], "used": found["evaluations"]}
    click.echo()
    print_table(
        ["by", *columns, "class"],
        [[", ".join(row["wrt"]), *map(known, map(row.get, columns)), row["class"]] for row in [*entries, whole]],
    )
    click.echo()
    heads = ("grouping", "settings", "circuits", f"shots for error {ERROR}")
    print_table(heads, [list(map(known, row.values())) for row in groupings])


def _gradient_costs(module: Module, wrt: tuple[str, ...], method: str) -> dict[str, Any]:
    from qcompile.ir import Shifted
    from qcompile.passes import Inline, Optimize
    from qcompile.passes.differentiate import differentiate

    with spinner("differentiating"):
        derivative = differentiate(Optimize()(Inline()(module)), wrt or None, method)
    if not isinstance(derivative, Shifted):
        label = "an adjoint derivative has no circuits to count"
        raise error(Code.METHOD, label, help="it is one walk there and back on the simulator: see `run --grad`")
    with spinner("grouping"):
        groupings = _groupings(derivative)
    return {
        **costs(derivative, method),
        **_sizes(derivative),
        "certificates": certificates(derivative),
        "groupings": groupings,
    }


def _groupings(derivative: Shifted) -> list[dict[str, Any]]:
    """What a bundle comes to by each way of grouping words; shots for ERROR in any one evaluation."""
    from qcompile.targets.grouping import STRATEGIES
    from qcompile.targets.settings import measurement_settings, unit_shots

    found: list[dict[str, Any]] = []
    needed = {e.row for c in derivative.components if c.wrt for reading in c.readings for e in reading.read}
    for strategy in STRATEGIES:
        settings = [measurement_settings(template.program, strategy)[0] for template in derivative.templates]
        count = [len(settings[derivative.rows[row].template]) for row in needed]
        each = [unit_shots(t.program, chosen) for t, chosen in zip(derivative.templates, settings, strict=True)]
        shots = None if None in each else ceil(round(max(number or 0.0 for number in each) / ERROR**2, 6))
        sizes = {"settings": sum(map(len, settings)), "circuits": sum(count)}
        found.append({"grouping": strategy, **sizes, "shots": shots})
    return found


def _sizes(derivative: Shifted) -> dict[str, int | None]:
    return {
        "joint": derivative.joint,
        "least": derivative.least,
        "value_evaluations": derivative.value_evaluations,
        "rows": len(derivative.rows),
        "templates": len(derivative.templates),
    }
