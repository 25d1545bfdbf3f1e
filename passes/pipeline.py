"""Pipelines of passes, as text and run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Adjoint, Module, Program, Shifted
from qcompile.ir.verify import verify
from qcompile.passes.cancel_inverses import CancelInverses
from qcompile.passes.dead_uncompute import DeadUncompute
from qcompile.passes.differentiate import Differentiate
from qcompile.passes.differentiate.geometry.metric import Metric
from qcompile.passes.differentiate.products import Jvp, Vjp
from qcompile.passes.fold_constants import FoldConstants
from qcompile.passes.inline import Inline
from qcompile.passes.legalize import Legalize
from qcompile.passes.light_cone import LightCone
from qcompile.passes.merge_rotations import MergeRotations
from qcompile.passes.optimize import Optimize
from qcompile.passes.options import options_of, read_options, write_options
from qcompile.passes.rewrite import Pass
from qcompile.passes.slice_cones import SliceCones

PASSES: Mapping[str, Callable[..., Pass]] = {
    made.name: made
    for made in (
        Inline, FoldConstants, CancelInverses, MergeRotations, LightCone, DeadUncompute, SliceCones, Legalize, Optimize,
        Differentiate, Metric, Vjp, Jvp,
    )
}  # fmt: skip
_ITEM = re.compile(r"\s*([\w-]+)\s*(?:\{([^{}]*)\})?\s*(,|$)")


@dataclass(frozen=True)
class Statistic:
    """Ops and other statements in the module before and after one pass."""

    name: str
    before: int
    after: int


@dataclass(frozen=True)
class Pipeline:
    """Passes run in order; itself a pass, which prints and parses as its passes with commas between.

    Args:
        after_each: called with each pass and what it made, as it runs.
    """

    name: ClassVar[str] = "pipeline"
    passes: tuple[Pass, ...] = ()
    verify_each: bool = field(default=False, compare=False)
    after_each: Callable[[Pass, Module], None] | None = field(default=None, compare=False)

    def __call__(self, module: Module) -> Module:
        return self.run(module)[0]

    def run(self, module: Module) -> tuple[Module, tuple[Statistic, ...]]:
        """What the passes make of the module, and how large it was around each of them."""
        statistics: list[Statistic] = []
        for step in self.passes:
            before, module = size(module), step(module)
            if self.verify_each:
                verify(module, after=step.name)
            if self.after_each is not None:
                self.after_each(step, module)
            statistics.append(Statistic(step.name, before, size(module)))
        return module, tuple(statistics)

    def __str__(self) -> str:
        return ",".join(map(pass_text, self.passes))


def pipeline(text: str) -> Pipeline:
    """The pipeline that the text names: `cancel-inverses,legalize{target=quil}`.

    Raises:
        CompileError: UNKNOWN_OPTION.
    """
    return Pipeline(tuple(_passes(text)))


def lowering(target: str, level: int = 2) -> Pipeline:
    """What a program goes through on its way to a target: optimised, said in the target's gates, optimised again.

    Optimising native gates may leave a global phase that the target cannot say; the last pass takes it.
    """
    return Pipeline((Optimize(level), Legalize(target), Optimize(level), Legalize(target)))


def pass_text(step: Pass) -> str:
    """The pass by name, with the options that differ from their defaults."""
    if isinstance(step, Pipeline):
        return str(step)
    options = options_of(type(step)).items()
    return write_options(step.name, {k: getattr(step, k) for k, o in options if getattr(step, k) != o.default})


def size(module: Module) -> int:
    """The statements of all bodies, and of the reverse schedule."""
    match module:
        case Program():
            return sum(1 for _ in module.statements())
        case Shifted():
            return sum(size(template.program) for template in module.templates)
        case Adjoint():
            return size(module.forward) + sum(1 for _ in module.steps())


def _passes(text: str) -> Iterator[Pass]:
    place = 0
    while place < len(text):
        item = _ITEM.match(text, place)
        if item is None:
            label = f"not a list of passes: `{text[place:]}`"
            raise error(Code.UNKNOWN_OPTION, label, help="write `name{option=value},name`")
        yield _made(item[1], item[2] or "")
        place = item.end()


def _made(name: str, braces: str) -> Pass:
    if name not in PASSES:
        raise error(Code.UNKNOWN_OPTION, f"no pass `{name}`", help=did_you_mean(name, PASSES))
    made = PASSES[name]
    return made(**read_options(name, braces, options_of(made)))
