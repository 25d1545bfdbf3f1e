"""Programs as Python functions: values and gradients, on the built-in simulator or on a client.

Everything is compiled once, when the function is made; a call takes the parameters' values by keyword.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qcompile.accuracy import Accuracy, class_of, warn_of_leakage
from qcompile.angle import Element
from qcompile.diagnostics import CompileError
from qcompile.entries import checked_entries, checked_weights, in_arrays, named
from qcompile.ir import Adjoint, AdjointComponent, Component, Module, Parameter, Program, Shifted
from qcompile.passes import Inline, Optimize
from qcompile.passes.differentiate import differentiate, lift, wanted_elements
from qcompile.targets.engine.flat import Flat, entries
from qcompile.targets.simulator import Evaluated, Options, bind, density, evaluate_all, execute, has_batch
from qcompile.targets.simulator.engine import fits
from qcompile.targets.simulator.native import flat
from qcompile.targets.simulator.options import SWEEPING, EngineName, Precision
from qcompile.targets.simulator.slicing import simulable, slices_of, trimmed, work

if TYPE_CHECKING:
    from qcompile.targets.clients import Client

Array: TypeAlias = NDArray[Any]
Gradient: TypeAlias = dict[str, Any]
On: TypeAlias = "str | Client | None"
"""The built-in simulator, a client by name, or a client."""


class Engine(TypedDict, total=False):
    """How to compute exactly: fields of `targets.simulator.Options`, as keywords."""

    cutoff: int
    engine: EngineName
    bond: int | None
    precision: Precision
    threads: int | None


class Settings(Engine, total=False):
    """All fields of `targets.simulator.Options`, as keywords."""

    shots: int | None
    seed: int | None


def simulate(program: Module, on: On = None, **options: Unpack[Settings]) -> Simulation:
    """A function from the parameters' values, by keyword, to what the program returns.

    A scalar comes back as a float, several outputs as a tuple. Values with a leading batch axis broadcast against each
    other and give results with that axis first. A derivative returns its components in order. Where a cut Fock space
    loses more than LEAKAGE_BOUND of the probability, there is a LeakageWarning.

    Args:
        on: a client that runs the emitted program, or its name: qiskit, aer, pyquil or strawberryfields.
        options: fields of `targets.simulator.Options`; a client takes only the cutoff, shots and the seed.

    Raises:
        ClientError: the client failed.
        CompileError: MISSING_CLIENT, UNBOUND, UNKNOWN_NAME, BAD_VALUE, NOT_SIMULABLE, TOO_LARGE.
    """
    ready = compiled(program)
    chosen = Options(**options)
    if on is not None and isinstance(ready, Program):
        return Simulation(lift(ready), chosen, on)
    whole = on is not None or chosen.shots is not None or chosen.engine not in SWEEPING
    return Simulation(ready if whole else simulable(ready), chosen, on)


def value_and_grad(
    program: Program,
    method: str = "auto",
    wrt: Sequence[str] | str | None = None,
    on: On = None,
    **options: Unpack[Settings],
) -> ValueAndGradient:
    """A function to the value and the gradient by parameter name, each gradient in its parameter's shape.

    With several outputs both are tuples: the values, and one gradient for each. A batch axis comes first, the axes of
    the output (of probabilities) last. By entries (`wrt="w[1]"`) the rest of that parameter's gradient is zero.

    Args:
        method: `shift`, `adjoint`, or `auto`: adjoint where it applies, and else shift, as on any client.
        wrt: names of parameters; every trained one by default.
        on, options: as for `simulate`.

    Raises:
        CompileError: as `differentiate` and `simulate`.
    """
    ready, chosen = compiled(program), Options(**options)
    elements = wanted_elements(ready, wrt)
    on_hardware = on is not None or chosen.shots is not None or chosen.engine not in SWEEPING
    names = [str(element) for element in elements]
    derivative = (
        differentiate(ready, names, method) if on_hardware else _derivative(ready, names, method, chosen.cutoff)
    )
    return ValueAndGradient(ready, derivative, elements, chosen, on)


def gradient(
    program: Program,
    method: str = "auto",
    wrt: Sequence[str] | str | None = None,
    on: On = None,
    **options: Unpack[Settings],
) -> Callable[..., Any]:
    """As `value_and_grad`, without the value: `gradient(program)(theta=0.2)["theta"]`."""
    both = value_and_grad(program, method, wrt, on, **options)

    def only_gradient(**values: ArrayLike) -> Any:
        return both(**values)[1]

    return only_gradient


@dataclass(frozen=True)
class Simulation:
    """A module, compiled, that is called with its parameters' values."""

    module: Module
    options: Options
    client: On = None

    def __call__(self, **values: ArrayLike) -> Any:
        result, leakage = self.measured(**values)
        warn_of_leakage(leakage)
        return result

    def measured(self, **values: ArrayLike) -> tuple[Any, float]:
        """The result, and the probability that the cut of the Fock spaces lost."""
        result, accuracy = self.assessed(**values)
        return result, accuracy.leakage

    def assessed(self, **values: ArrayLike) -> tuple[Any, Accuracy]:
        """The result, and how far it may be from the true one."""
        results, leakage, truncation, errors = _run(self.module, values, self.options, self.client)
        batched = has_batch(parameters_of(self.module), values)
        kind = class_of(leakage, truncation, errors is not None, self.module)
        accuracy = Accuracy(kind, leakage, truncation, None if errors is None else _shaped_all(errors, batched))
        return one_or_tuple([shaped(result, batched) for result in results]), accuracy


@dataclass(frozen=True)
class ValueAndGradient:
    """A program and its derivative, compiled, that are called with the parameters' values.

    `derivative` is the module that computes the gradient.
    """

    program: Program
    derivative: Shifted | Adjoint
    elements: tuple[Element, ...]
    options: Options
    client: On = None

    def __call__(self, **values: ArrayLike) -> tuple[Any, Any]:
        if self._flat is not None and self._flat.fused.is_ready:
            return self._shortest(self._flat, values)
        value, gradient, leakage = self.measured(**values)
        warn_of_leakage(leakage)
        return value, gradient

    def _shortest(self, flat: Flat, values: Mapping[str, ArrayLike]) -> tuple[Any, Gradient]:
        parameters = self.program.parameters
        bound, batched = bind(parameters, values), has_batch(parameters, values)
        rows = np.stack([bound.elements[element] for element in self.entries], axis=1)
        value, slopes = flat.batch(rows) if batched else flat(rows[0])
        wanted = {element.name for element in self.elements}
        parts = named(parameters, slopes).items()
        return value, {name: part if part.ndim else float(part) for name, part in parts if name in wanted}

    def at(self, values: ArrayLike, weights: ArrayLike | None = None) -> tuple[Any, Array]:
        """Value and gradient from all entries of the parameters in one array, in order of declaration: the fastest way.

        Args:
            values: shape (entries,), or (batch, entries).
            weights: shape (batch,). With them, the gradient is that of Σ weight · value.

        Returns:
            The value, a float or of shape (batch,), and the gradient, of shape (entries,) or (batch, entries), 0 where
            it is not wanted. Several outputs come first, as an axis of both.

        Raises:
            CompileError: BAD_VALUE, and as a call.
        """
        given = checked_entries(values, len(self.entries))
        return self.at_checked(given, None if weights is None else checked_weights(weights, given))

    def at_checked(self, given: Array, scale: Array | None = None) -> tuple[Any, Array]:
        """As `at`, of what is checked already."""
        flat = self._flat
        if flat is not None and flat.fused.is_ready:
            return flat(given) if given.ndim == 1 else flat.batch(given, scale)
        value, gradient = self(**named(self.program.parameters, given))
        return in_arrays(self.program.parameters, given, scale, value, gradient)

    @cached_property
    def entries(self) -> tuple[Element, ...]:
        """What `at` takes, in order."""
        return entries(self.program)

    @property
    def is_flat(self) -> bool:
        """Does `at` of one row take the shortest way?"""
        return self._flat is not None

    @cached_property
    def _flat(self) -> Flat | None:
        """The shortest way, where there is one."""
        if self.client is not None or self.options.shots is not None or not isinstance(self.derivative, Adjoint):
            return None
        return flat(self.derivative, self.options)

    def measured(self, **values: ArrayLike) -> tuple[Any, Any, float]:
        """Value, gradient, and the probability that the cut of the Fock spaces lost."""
        value, gradient, accuracy = self.assessed(**values)
        return value, gradient, accuracy.leakage

    def assessed(self, **values: ArrayLike) -> tuple[Any, Any, Accuracy]:
        """Value, gradient, and how far they may be from the true ones."""
        found = evaluated(self.derivative, values, self.options, self.client)
        batched = has_batch(self.program.parameters, values)
        gradients = [self.by_name(slopes, batched) for slopes in self.slopes(found)]
        kind = class_of(found.leakage, found.truncation, found.errors is not None, self.derivative)
        accuracy = Accuracy(kind, found.leakage, found.truncation)
        if found.errors is not None:
            components: Sequence[Component | AdjointComponent] = self.derivative.components
            of_values = [error for c, error in zip(components, found.errors, strict=True) if not _wrt(c)]
            of_slopes = [self.by_name(slopes, batched) for slopes in self._by_output(found.errors)]
            accuracy = replace(accuracy, errors=_shaped_all(of_values, batched), slope_errors=one_or_tuple(of_slopes))
        return one_or_tuple([shaped(v, batched) for v in found.values]), one_or_tuple(gradients), accuracy

    def slopes(self, found: Evaluated) -> list[dict[Element, Array]]:
        """By output, its derivatives by each element, of shape (batch, …)."""
        return self._by_output(found.components)

    def _by_output(self, results: Sequence[Array | None]) -> list[dict[Element, Array]]:
        slopes: list[dict[Element, Array]] = [{} for _ in self.program.outputs]
        components: Sequence[Component | AdjointComponent] = self.derivative.components
        for component, result in zip(components, results, strict=True):
            wrt = _wrt(component)
            if wrt and component.output is not None and result is not None:
                slopes[component.output][wrt[0]] = result
        return slopes

    def by_name(self, slopes: Mapping[Element, Array], batched: bool) -> Gradient:
        """One number or array for each element, of shape (batch, …), as a gradient by parameter name."""
        wanted = {element.name for element in self.elements}
        parts = {element: shaped(slope, batched) for element, slope in slopes.items()}
        return {p.name: gathered(p, parts, batched) for p in self.program.parameters if p.name in wanted}


def compiled(module: Module) -> Any:
    """The module with its definitions inlined, optimised."""
    return Optimize()(Inline()(module))


def parameters_of(module: Module) -> tuple[Parameter, ...]:
    """What a caller may give values for; a derivative's rows set the slots."""
    match module:
        case Program():
            return module.parameters
        case Shifted():
            return tuple(p for p in module.templates[0].program.parameters if p.role != "slot")
        case Adjoint():
            return module.forward.parameters


def _derivative(program: Program, names: Sequence[str], method: str, cutoff: int) -> Shifted | Adjoint:
    """`auto` takes the least work: an adjoint sweep, the shifted slices of a wide program, or shifted density matrices.

    Where none of them is possible it is shift.
    """
    if method != "auto":
        return differentiate(program, names, method)
    whole = trimmed(program)
    slices = slices_of(whole)
    found = [_unless_refused(whole, names, "adjoint")]
    if slices is not None:
        found.append(_unless_refused(slices, names, "shift"))
    elif not fits(whole, cutoff):  # an engine that needs no state vector may take the shifted rows
        return differentiate(whole, names, "shift")
    if density.is_cheaper(whole):
        found.append(_unless_refused(whole, names, "shift"))
    possible = [derivative for derivative in found if derivative is not None]
    return min(possible, key=work) if possible else differentiate(program, names, "shift")


def _unless_refused(module: Program | Shifted, names: Sequence[str], method: str) -> Shifted | Adjoint | None:
    """The derivative, or None where the method has none."""
    try:
        return differentiate(module, names, method)
    except CompileError:
        return None


def _run(
    module: Module, values: Mapping[str, ArrayLike], options: Options, client: On
) -> tuple[Sequence[Array], float, float, Sequence[Array | None] | None]:
    """A program's outputs or a derivative's components, what cuts of Fock spaces and bonds lost, standard errors."""
    if isinstance(module, Program):
        result = execute(module, values, options)
        return result.outputs, result.leakage, result.truncation, result.errors
    found = evaluated(module, values, options, client)
    return found.components, found.leakage, found.truncation, found.errors


def _wrt(component: Component | AdjointComponent) -> tuple[Element, ...]:
    return component.wrt if isinstance(component, Component) else (component.wrt,)


def _shaped_all(errors: Sequence[Array | None], batched: bool) -> Any:
    return one_or_tuple([None if error is None else shaped(error, batched) for error in errors])


def evaluated(module: Shifted | Adjoint, values: Mapping[str, ArrayLike], options: Options, client: On) -> Evaluated:
    if client is None:
        return evaluate_all(module, values, options)
    from qcompile.targets.clients import evaluate_on

    return evaluate_on(client, module, values, options)


def gathered(p: Parameter, slopes: Mapping[Element, Array | float], batched: bool) -> Array | float:
    """The gradient by one parameter: its elements side by side after the batch axis."""
    if p.size is None:
        return slopes[Element(p.name)]
    zero = np.zeros_like(next(iter(slopes.values())))
    return np.stack([slopes.get(element, zero) for element in p.elements()], int(batched))


def shaped(result: Array, batched: bool) -> Array | float:
    """With the batch axis that the caller gave, or without; a lone number as a float."""
    if batched:
        return result
    return float(result[0]) if result.ndim == 1 else result[0]


def one_or_tuple(items: Sequence[Any]) -> Any:
    return items[0] if len(items) == 1 else tuple(items)
