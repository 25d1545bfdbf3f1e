"""From a derivative to its bundle, through a client, and back to values and components."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qcompile.diagnostics import Code, CompileError, error
from qcompile.ir import Adjoint, Barrier, Expectation, Op, Parameter, Probabilities, Program, Shifted
from qcompile.targets.bundle import Bundle, legal_for, packed
from qcompile.targets.clients.catalogue import find_client
from qcompile.targets.clients.protocol import Client, ClientError, Estimates
from qcompile.targets.emit import find_language
from qcompile.targets.simulator import Evaluated, Options, Values, bind
from qcompile.targets.simulator.errors import errors_of
from qcompile.targets.simulator.recombine import Table, recombined
from qcompile.targets.simulator.same import Same
from qcompile.targets.simulator.values import Bound, RealArray

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
    components = recombined(ready.module, ready.table(found.outputs), bound)
    of_nothing = [array for c, array in zip(ready.module.components, components, strict=True) if not c.wrt]
    errors = None
    if found.errors is not None:
        errors = errors_of(ready.module, ready.table(found.outputs), ready.table(found.errors), bound)
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
    """A derivative said in a client's language, and the bundle of it."""

    module: Shifted
    bundle: Bundle
    parameters: Mapping[str, Parameter]
    templates: Sequence[int]
    places: Sequence[int]

    def table(self, outputs: Sequence[Sequence[RealArray]]) -> Table:
        return Table(self.templates, self.places, outputs)


@lru_cache(maxsize=64)
def _prepared(same: Same[Shifted], by: Same[Client], exact: bool) -> _Ready:
    """Written once for a derivative and a client, however often it is run."""
    module, client = same.record, by.record
    language = find_language(client.language)
    legal = legal_for(module, language)
    for template in module.templates:
        if exact:
            _check_exact(template.program, client)
        client.check(template.program, exact)
    known = {p.name: p for t in legal.templates for p in t.program.parameters if p.role != "slot"}
    places: list[int] = []
    counts = [0] * len(legal.templates)
    for row in legal.rows:
        places.append(counts[row.template])
        counts[row.template] += 1
    return _Ready(legal, packed(legal, language), known, [row.template for row in legal.rows], places)


def _check_exact(program: Program, client: Client) -> None:
    for statement in program.statements():
        if not isinstance(statement, Op | Barrier):
            label = f"without shots {client.title} runs circuits that measure, reset and decide nothing"
            raise error(Code.NOT_SIMULABLE, label, statement.span, "give a number of shots")
    for output in program.outputs:
        if not isinstance(output, Expectation | Probabilities):
            label = f"{client.title} returns expectations, variances and probabilities"
            raise error(Code.NOT_SIMULABLE, label, output.span)


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
