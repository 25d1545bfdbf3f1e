"""`qcompile stats`: what a program costs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from qcompile.cli.options import (
    check_returns,
    file_argument,
    json_option,
    load_module,
    observable_option,
    wrt_option,
)
from qcompile.cli.results import costs
from qcompile.cli.session import current_session
from qcompile.cli.terminal import print_table, spinner

if TYPE_CHECKING:
    from qcompile.ir import Module, Shifted

LEVELS = range(4)


@click.command()
@file_argument
@click.option("--grad", "with_gradient", is_flag=True, help="Also what the gradient costs on hardware.")
@wrt_option
@observable_option
@json_option
def stats(file: str, with_gradient: bool, wrt: tuple[str, ...], observable: str | None, as_json: bool) -> None:
    """Count the gates of FILE at each level of optimisation.

    And as written; with --grad also what its gradient costs.
    """
    from qcompile.passes import Inline, Optimize
    from qcompile.passes.cost import cost

    module = load_module(file, observable)
    if with_gradient:
        check_returns(module, file)
    rows = {"as written": asdict(cost(module))}
    with spinner("optimising"):
        for level in LEVELS:
            rows[f"-O{level}"] = asdict(cost(Optimize(level)(Inline()(module))))
    found = _gradient_costs(module, wrt) if with_gradient else {}
    if as_json:
        current_session().print_json({"cost": rows, **({"gradient": found} if found else {})})
        return
    columns = [name.replace("_", "-") for name in rows["as written"]]
    print_table(["", *columns], [[name, *row.values()] for name, row in rows.items()])
    if found:
        click.echo()
        print_table(["gradient", ""], found.items())


def _gradient_costs(module: Module, wrt: tuple[str, ...]) -> dict[str, Any]:
    from qcompile.ir import Shifted
    from qcompile.passes import Inline, Optimize
    from qcompile.passes.differentiate import differentiate

    with spinner("differentiating"):
        derivative = differentiate(Optimize()(Inline()(module)), wrt or None, "shift")
    if not isinstance(derivative, Shifted):
        raise AssertionError("shifting gives shifted circuits")
    return {**costs(derivative), **_sizes(derivative)}


def _sizes(derivative: Shifted) -> dict[str, int]:
    return {
        "value_evaluations": derivative.value_evaluations,
        "rows": len(derivative.rows),
        "templates": len(derivative.templates),
    }
