"""The optimizers of PyTorch, optax and Keras: by name with options in braces, or as objects of theirs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from qcompile.diagnostics import Code, CompileError, did_you_mean, error
from qcompile.learn.frameworks.adapter import Adapter, Bowl, Recipe, StatedStepper
from qcompile.learn.frameworks.signatures import options_of_maker
from qcompile.learn.start import Vector
from qcompile.passes.options import read_options, split_options, write_options
from qcompile.targets.clients.catalogue import check_installed

Given: TypeAlias = Callable[..., Any] | tuple[Any, ...]
"""A class of optimizers, or a function that makes one, with options as a `partial`; or a transformation of optax."""
_TRIAL = 3  # steps before the training: what an optimizer lacks shows by the second


@dataclass(frozen=True, slots=True)
class Framework:
    """Where optimizers come from.

    Attributes:
        packages: what must be installed, its own first; `extra` installs it.
        rate: what its optimizers call the learning rate.
    """

    name: str
    title: str
    extra: str
    packages: tuple[str, ...]
    rate: str

    def adapter(self) -> Adapter:
        match self.name:
            case "torch":
                from qcompile.learn.frameworks import torch

                return torch
            case "optax":
                from qcompile.learn.frameworks import optax

                return optax
            case _:
                from qcompile.learn.frameworks import keras

                return keras


FRAMEWORKS: Mapping[str, Framework] = {
    framework.name: framework
    for framework in (
        Framework("torch", "PyTorch", "torch", ("torch",), "lr"),
        Framework("optax", "optax", "jax", ("optax", "jax"), "learning_rate"),
        Framework("keras", "Keras", "tensorflow", ("keras", "tensorflow"), "learning_rate"),
    )
}


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A framework's optimizer at its start.

    Attributes:
        name: the framework's and its own, as in `torch.adamw`; with its options, if it was named.
        settings: of an object, which a name does not tell: in full, or a hash of them.
    """

    name: str
    settings: str
    stepper: StatedStepper


def by_name(text: str, rate: float, seed: int, start: Vector) -> Borrowed:
    """The optimizer that the text names: `torch.sgd{momentum=0.9,nesterov=true}`.

    Raises:
        CompileError: UNKNOWN_OPTION, MISSING_CLIENT, METHOD.
    """
    full, braces = split_options(text)
    framework = FRAMEWORKS[full.partition(".")[0]]
    check_installed(framework.packages, f"`{full}`", framework.extra)
    adapter = framework.adapter()
    makers, own = adapter.makers(), full.partition(".")[2].lower()
    if own not in makers:
        near = did_you_mean(own, makers).replace("`", f"`{framework.name}.", 1)
        known = near or f"optimizers of {framework.title}: {', '.join(makers)}"
        raise error(Code.UNKNOWN_OPTION, f"no optimizer `{full}`", help=known)
    maker, name = makers[own], f"{framework.name}.{own}"
    if re.search(rf"(^|,)\s*{framework.rate}\s*=", braces):
        label = f"`{name}` has no option `{framework.rate}`"
        raise error(Code.UNKNOWN_OPTION, label, help="the learning rate is the option `rate` of the training")
    options = read_options(name, braces, options_of_maker(maker, framework.rate))
    written = write_options(name, dict(sorted(options.items())))
    with _refusals(written):
        return Borrowed(written, "", _tried(adapter, Recipe(maker, {framework.rate: rate, **options}, seed), start))


def by_object(given: Given, rate: float, seed: int, start: Vector) -> Borrowed:
    """The optimizer that the object makes, or is. What it says itself of the learning rate stands.

    Raises:
        CompileError: UNKNOWN_OPTION, METHOD.
    """
    maker, options = _parts(given)
    for framework in FRAMEWORKS.values():
        if framework.packages[0] not in sys.modules:  # then the object is none of it
            continue
        adapter = framework.adapter()
        if adapter.is_maker(maker):
            name = _name_of(maker, framework)
            with _refusals(name):
                stepper = _tried(adapter, Recipe(maker, {framework.rate: rate, **options}, seed), start)
                return Borrowed(name, stepper.settings(), stepper)
    cure = "give a name, a class of torch.optim or Keras, a partial of one by keywords, or a transformation of optax"
    raise error(Code.UNKNOWN_OPTION, f"{type(given).__name__} is no optimizer", help=cure)


def _parts(given: Any) -> tuple[Any, Mapping[str, Any]]:
    """What makes the optimizer, and by which keywords. Other arguments would be in the way of what is trained."""
    is_bound = _is_partial(given) and not given.args
    return (given.func, given.keywords) if is_bound else (given, {})


def _is_partial(given: object) -> TypeGuard[partial[Any]]:
    return isinstance(given, partial)


def _name_of(maker: Any, framework: Framework) -> str:
    """As it is written, or for those of the user's own and for transformations, as Python calls it."""
    public = next((name for name, each in framework.adapter().makers().items() if each is maker), None)
    if public is not None:
        return f"{framework.name}.{public}"
    named: type = maker if isinstance(maker, type) else type(maker)
    return f"{named.__module__}.{named.__qualname__}"


def _tried(adapter: Adapter, recipe: Recipe, start: Vector) -> StatedStepper:
    """The optimizer at its start, after some steps elsewhere."""
    stepper = adapter.stepper(recipe, start)
    fresh, place = stepper.state(), np.ones(len(start))
    for _ in range(_TRIAL):
        place = stepper.step(Bowl(), place)
        stepper.state()
    stepper.restore(fresh)
    return stepper


@contextmanager
def _refusals(name: str) -> Generator[None]:
    """Makes diagnostics of what a framework raises, before anything is evaluated."""
    try:
        yield
    except CompileError:
        raise
    except Exception as fault:
        told = next(iter(str(fault).splitlines()), type(fault).__name__)
        label = f"`{name}` cannot train by one value and gradient a step: {told}"
        raise error(Code.METHOD, label, help="change its options, or take another, as adam or lbfgs") from fault
