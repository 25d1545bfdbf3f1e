"""The transformations of optax, in double precision whatever JAX is set to elsewhere in the process."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import jax
import numpy as np
import optax

from qcompile.learn.checkpoint import Record
from qcompile.learn.frameworks.adapter import Maker, Recipe, Slopes, array_of, said
from qcompile.learn.start import Vector

_jax: Any = jax


def makers() -> Mapping[str, Maker]:
    """Without the parts that whole optimizers are made of."""
    public = {name: value for name, value in vars(optax).items() if not name.startswith(("_", "scale_by_"))}
    return {name: value for name, value in sorted(public.items()) if inspect.isfunction(value) and _makes(value)}


def is_maker(given: object) -> bool:
    return isinstance(given, optax.GradientTransformation) or (inspect.isfunction(given) and _makes(given))


def _makes(function: Maker) -> bool:
    signature = inspect.signature(function)
    made = signature.return_annotation
    if "learning_rate" not in signature.parameters or not isinstance(made, type):
        return False
    return issubclass(made, optax.GradientTransformation)


def stepper(recipe: Recipe, start: Vector) -> OptaxStepper:
    if isinstance(recipe.maker, optax.GradientTransformation):
        return OptaxStepper(recipe.maker, start)
    takes = inspect.signature(recipe.maker).parameters
    drawn = {"key": recipe.seed} if "key" in takes else {}
    return OptaxStepper(recipe.maker(**{**drawn, **recipe.options}), start)


class OptaxStepper:
    """A step is compiled once. It is given the value too, for transformations that look at it."""

    def __init__(self, made: Any, start: Vector) -> None:
        self._start, self._transformation = start, optax.with_extra_args_support(made)

        def update(state: Any, x: Any, value: Any, slope: Any) -> tuple[Any, Any]:
            moves, after = self._transformation.update(slope, state, x, value=value, grad=slope)
            return optax.apply_updates(x, moves), after

        with _jax.enable_x64(True):
            self._state: Any = self._transformation.init(_jax.numpy.asarray(start))
            self._update: Any = _jax.jit(update)

    def step(self, oracle: Slopes, x: Vector) -> Vector:
        value, slope = oracle.value_and_gradient(x)
        with _jax.enable_x64(True):
            place, self._state = self._update(self._state, x, value, slope)
        return np.array(place)

    def state(self) -> Record:
        return {"leaves": [said(np.asarray(_numbers(leaf))) for leaf in _jax.tree.leaves(self._state)]}

    def restore(self, state: Record) -> None:
        leaves, structure = _jax.tree.flatten(self._state)
        with _jax.enable_x64(True):
            found = [_like(leaf, array_of(record)) for leaf, record in zip(leaves, state["leaves"], strict=True)]
        self._state = _jax.tree.unflatten(structure, found)

    def settings(self) -> str:
        """A hash: a transformation is two functions, and what they do is told by what they are compiled to."""
        start = self._start
        with _jax.enable_x64(True):
            init: str = _jax.jit(self._transformation.init).lower(start).as_text()
            update: str = self._update.lower(self._state, start, 0.0, start).as_text()
        return sha256(f"{init}{update}".encode()).hexdigest()


def _is_key(leaf: Any) -> bool:
    return bool(_jax.dtypes.issubdtype(leaf.dtype, _jax.dtypes.prng_key))


def _numbers(leaf: Any) -> Any:
    return _jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _like(leaf: Any, entries: Any) -> Any:
    array = _jax.numpy.asarray(entries)
    return _jax.random.wrap_key_data(array, impl=_jax.random.key_impl(leaf)) if _is_key(leaf) else array
