"""From a derivative to its bundle, through a client, and back to values and components."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np

from qcompile.diagnostics import Code, CompileError, error
from qcompile.ir import Adjoint, Barrier, Evaluation, Op, Parameter, Program, Samples, Shifted, State
from qcompile.targets.bundle import Bundle, legal_for, packed
from qcompile.targets.clients.catalogue import find_client
from qcompile.targets.clients.protocol import Client, ClientError, Estimates
from qcompile.targets.emit import find_language
from qcompile.targets.simulator import Evaluated, Options, Values, bind
from qcompile.targets.simulator.errors import errors_of
from qcompile.targets.simulator.recombine import Table, recombined
from qcompile.targets.simulator.result import Array
from qcompile.targets.simulator.same import Same
from qcompile.targets.simulator.tensor_outputs import samples_without_shots
from qcompile.targets.simulator.values import Bound, RealArray

S = TypeVar("S")
T = TypeVar("T")
_EXACT = Options()


def evaluate_on(on: str | Client, module: Shifted | Adjoint, values: Values, options: Options = _EXACT) -> Evaluated:
    """The values and components of a derivative as the client finds them, in one submission for all rows and values.

    Args:
        on: a client, or the name of one.
        options: the shots and the seed; the cutoff is for clients by name.

    Raises:
        CompileError: UNKNOWN_OPTION, MISSING_CLIENT, NOT_SIMULABLE, METHOD, UNBOUND, BAD_VALUE, BAD_NUMBER, UNSAYABLE.
        ClientError: the client failed.
    """
    client = _client(on, options)
    if isinstance(module, Adjoint):
        raise error(Code.METHOD, "an adjoint derivative runs on the simulator alone", help="use `--method shift`")
    ready = _prepared(Same(module), Same(client), options.shots is None)
    bound = bind(ready.parameters.values(), values)
    found = _submitted(client, ready.bundle, _arrays(ready.parameters, bound), options)
    components = ready.whole(recombined(ready.means, ready.table(found.outputs), bound), ready.drawn(found.outputs))
    of_nothing = [array for c, array in zip(ready.module.components, components, strict=True) if not c.wrt]
    errors: list[RealArray | None] | None = None
    if found.errors is not None and ready.means.components:
        spreads = errors_of(ready.means, ready.table(found.outputs), ready.table(found.errors), bound)
        errors = ready.whole(spreads, dict.fromkeys(ready.samples))
    return Evaluated(of_nothing, components, found.leakage, errors=errors)


def _client(on: object, options: Options) -> Client:
    if (options.engine, options.precision, options.threads) != (_EXACT.engine, _EXACT.precision, _EXACT.threads):
        label = "engines, their threads and their precision are the built-in simulator's"
        raise error(Code.UNKNOWN_OPTION, label, help="leave them out on a client")
    if isinstance(on, str):
        return find_client(on, options.cutoff)
    if not isinstance(on, Client):
        cure = "name one, or wrap what the vendor's library made: docs/clients.md says how"
        raise error(Code.UNKNOWN_OPTION, f"{type(on).__name__} is no client", help=cure)
    return on


@dataclass(frozen=True, slots=True, eq=False)
class _Ready:
    """A derivative said in a client's language, and the bundle of it.

    Attributes:
        samples: by component that is samples, the output that it is and the type of its numbers.
        means: the derivative without these.
    """

    module: Shifted
    samples: Mapping[int, tuple[Evaluation, type[np.generic]]]
    means: Shifted
    bundle: Bundle
    parameters: Mapping[str, Parameter]
    templates: Sequence[int]
    places: Sequence[int]

    def table(self, outputs: Sequence[Sequence[RealArray]]) -> Table:
        return Table(self.templates, self.places, outputs)

    def drawn(self, outputs: Sequence[Sequence[RealArray]]) -> dict[int, Array]:
        table = self.table(outputs)
        return {k: table[evaluation].astype(kind) for k, (evaluation, kind) in self.samples.items()}

    def whole(self, means: Sequence[T], samples: Mapping[int, S]) -> list[T | S]:
        """Something for each component, in order."""
        rest = iter(means)
        return [samples[k] if k in samples else next(rest) for k in range(len(self.module.components))]


@lru_cache(maxsize=64)
def _prepared(same: Same[Shifted], by: Same[Client], exact: bool) -> _Ready:
    """Written once for a derivative and a client, however often it is run."""
    module, client = same.record, by.record
    language = find_language(client.language)
    for template in module.templates:
        _check_outputs(template.program, client, exact)
        if exact:
            _check_exact(template.program, client)
        client.check(template.program, exact)
    legal = legal_for(module, language)
    known = {p.name: p for t in legal.templates for p in t.program.parameters if p.role != "slot"}
    places: list[int] = []
    counts = [0] * len(legal.templates)
    for row in legal.rows:
        places.append(counts[row.template])
        counts[row.template] += 1
    samples = _samples(legal)
    means = replace(legal, components=tuple(c for k, c in enumerate(legal.components) if k not in samples))
    bundle = packed(legal, language)
    return _Ready(legal, samples, means, bundle, known, [row.template for row in legal.rows], places)


def _samples(module: Shifted) -> dict[int, tuple[Evaluation, type[np.generic]]]:
    """Whole numbers, unless a column holds a quadrature."""
    found: dict[int, tuple[Evaluation, type[np.generic]]] = {}
    for k, component in enumerate(module.components):
        for evaluation in (e for reading in component.readings for e in reading.evaluations):
            program = module.templates[module.rows[evaluation.row].template].program
            output = program.outputs[evaluation.output]
            if isinstance(output, Samples):
                is_real = any(program.cell_kinds[cell] == "real" for cell in output.cells)
                found[k] = evaluation, np.float64 if is_real else np.int64
    return found


def _check_outputs(program: Program, client: Client, exact: bool) -> None:
    for output in program.outputs:
        if isinstance(output, State):
            label = f"{client.title} tells no state here"
            raise error(Code.NOT_SIMULABLE, label, output.span, "return expectations, probabilities or samples")
        if exact and isinstance(output, Samples):
            raise samples_without_shots(output)


def _check_exact(program: Program, client: Client) -> None:
    for statement in program.statements():
        if not isinstance(statement, Op | Barrier):
            label = f"without shots {client.title} runs circuits that measure, reset and decide nothing"
            raise error(Code.NOT_SIMULABLE, label, statement.span, "give a number of shots")


def _arrays(parameters: Mapping[str, Parameter], bound: Bound) -> dict[str, RealArray]:
    """By parameter name, as `Client.run` takes them."""
    found: dict[str, RealArray] = {}
    for name, parameter in parameters.items():
        columns = [np.broadcast_to(bound.elements[element], bound.batch) for element in parameter.elements()]
        found[name] = columns[0] if parameter.size is None else _stacked(columns, bound.batch)
    return found


def _stacked(columns: Sequence[RealArray], batch: int) -> RealArray:
    return np.stack(columns, axis=1) if columns else np.zeros((batch, 0))


def _submitted(client: Client, bundle: Bundle, values: Mapping[str, RealArray], options: Options) -> Estimates:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what vendors deprecate is not the user's doing
            return client.run(bundle, values, options.shots, options.seed)
    except CompileError:
        raise
    except Exception as fault:
        told = " ".join(str(fault).split())
        raise ClientError(f"{client.title}: {type(fault).__name__}: {told}") from fault
