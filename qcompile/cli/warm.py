"""`qcompile warm`: compiles the simulator's kernels beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import click

from qcompile.cli.options import PRECISIONS
from qcompile.cli.terminal import spinner

if TYPE_CHECKING:
    from qcompile.targets.simulator.options import Precision


@click.command()
@click.option("--precision", type=click.Choice((*PRECISIONS, "both")), default="double", show_default=True)
def warm(precision: Literal["double", "single", "both"]) -> None:
    """Compile the kernels of the fused engine for this processor.

    They are kept in the user's cache, or in the folder that QCOMPILE_CACHE names. Without this, the first large program
    waits for them, and small ones run on NumPy until they are there.
    """
    from qcompile.targets.engine.loading import kernels
    from qcompile.targets.simulator.options import Precision

    wanted: tuple[Precision, ...] = get_args(Precision) if precision == "both" else (precision,)
    for each in wanted:
        with spinner(f"compiling the kernels in {each} precision, about a minute"):
            is_new = kernels().compile(each)
        click.echo(f"{each}: {'compiled' if is_new else 'there already'}, in {kernels().folder}")
