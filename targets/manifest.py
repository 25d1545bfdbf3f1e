"""The manifest of a bundle: everything but the circuits that a derivative consists of, as plain data.

`docs/manifest.md` documents the format, `manifest.schema.json` is its JSON Schema. A change that a reader of the old
form would misread raises `FORMAT_VERSION`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from typing import assert_never, cast

import numpy as np

from qcompile.angle import Element
from qcompile.ir import (
    Certificate,
    Component,
    Covariance,
    Expectation,
    Output,
    Parameter,
    Probabilities,
    Program,
    Row,
    Samples,
    Shifted,
    State,
    Variance,
)
from qcompile.targets.emit import Language
from qcompile.targets.expressions import Names, call_tree, prefix_tree, used_inputs
from qcompile.targets.grouping import Strategy
from qcompile.targets.settings import Setting
from qcompile.targets.shots import ShotPlan

FORMAT = "qcompile-bundle"
FORMAT_VERSION = 2
Record = dict[str, object]
Detection = tuple[int, int, int]
"""A mode, which of its detections in turn, and which part of what that gives: heterodyne gives x and p."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A setting, its file, the cells that its basis is measured into, and what other cells hold in runs to keep."""

    file: str
    setting: Setting
    cells: tuple[str, ...] | None
    kept: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a template is in a bundle: its file, unless it post-selects, and those of its settings.

    `cells` is where each classical cell of the program is: a bit's name, or on light the detection of a mode.
    `unread` are the (output, term) pairs that no setting reads.
    """

    file: str | None
    cells: Mapping[int, str | Detection]
    settings: tuple[Measured, ...]
    unread: tuple[tuple[int, int], ...]


def describe(
    module: Shifted,
    language: Language,
    names: Names,
    placements: Sequence[Placement],
    files: Mapping[str, str],
    grouping: Strategy,
    plan: ShotPlan | None,
) -> Record:
    """The manifest; a placement for each template."""
    programs = [template.program for template in module.templates]
    used = used_by(module)
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "generator": {"name": "qcompile", "version": generator_version()},
        "language": language.name,
        "wires": {"kind": language.kind, "count": max((len(program.kinds) for program in programs), default=0)},
        "parameters": _inputs(programs, names, slots=False),
        "slots": _inputs(programs, names, slots=True),
        "computed": _computed(names),
        "templates": [
            _template(template.name, template.program, placement, names)
            for template, placement in zip(module.templates, placements, strict=True)
        ],
        "rows": [_row(row, names) for row in module.rows],
        "components": [_component(component, names) for component in module.components],
        "class": module.exactness.value,
        "certificates": [_certificate(certificate, used) for certificate in module.certificates],
        "cost": _cost(module, [len(placement.settings) for placement in placements]),
        "grouping": grouping,
        "settings": [
            _setting(index, part) for index, placement in enumerate(placements) for part in placement.settings
        ],
        "unread": [[index, *word] for index, placement in enumerate(placements) for word in placement.unread],
        "shots": None if plan is None else _plan(plan),
        "seeds": module.seed,
        "sha256": {name: sha256(text.encode()).hexdigest() for name, text in sorted(files.items())},
    }


def _computed(names: Names) -> list[Record]:
    calls = names.computed.items()
    return [{"kind": "computed", "emitted": name, "expression": call_tree(call, names)} for call, name in calls]


def _row(row: Row, names: Names) -> Record:
    slots = {names[element]: prefix_tree(value, names) for element, value in row.settings}
    return {"template": row.template, "slots": slots}


def to_json(manifest: Record) -> str:
    """JSON with one line for each entry of a list, so that manifests can be read and compared."""
    parts = [f"{json.dumps(key)}: {_entry(value)}" for key, value in manifest.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def generator_version() -> str:
    try:
        return metadata.version("qcompile")
    except metadata.PackageNotFoundError:  # run from a folder that is not installed
        return "unknown"


def _entry(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, allow_nan=False)
    items = cast("list[object]", value)
    return "[\n  " + ",\n  ".join(json.dumps(item, allow_nan=False) for item in items) + "\n]"


def _inputs(programs: Sequence[Program], names: Names, slots: bool) -> list[Record]:
    """Templates that share a slot array's name may need different lengths of it: the longest is listed."""
    longest: dict[str, Parameter] = {}
    for parameter in (parameter for program in programs for parameter in program.parameters):
        known = longest.setdefault(parameter.name, parameter)
        if (parameter.size or 0) > (known.size or 0):
            longest[parameter.name] = parameter
    kinds = {"param": "parameter", "input": "input", "slot": "slot"}
    return [
        {
            "name": parameter.name,
            "kind": kinds[parameter.role],
            "size": parameter.size,
            "emitted": [names[element] for element in parameter.elements()],
        }
        for parameter in longest.values()
        if (parameter.role == "slot") is slots
    ]


def _template(name: str, program: Program, placement: Placement, names: Names) -> Record:
    return {
        "name": name,
        "file": placement.file,
        "inputs": used_inputs(program, names),
        "outputs": [_output(output, names, placement.cells) for output in program.outputs],
    }


def _output(output: Output, names: Names, cells: Mapping[int, str | Detection]) -> Record:
    match output:
        case Expectation():
            terms = [[prefix_tree(coefficient, names), word] for word, coefficient in output.observable.operator.terms]
            return {"kind": "expectation", "terms": terms, "unnormalised": output.unnormalised}
        case Probabilities():
            return {"kind": "probabilities", "wires": output.wires, "unnormalised": output.unnormalised}
        case Samples():
            return {"kind": "samples", "wires": output.wires, "cells": [cells[cell] for cell in output.cells]}
        case Variance() | Covariance() | State():
            raise AssertionError("an output that the settings refuse")
        case _:
            assert_never(output)


def _component(component: Component, names: Names) -> Record:
    return {
        "output": component.output,
        "wrt": [str(element) for element in component.wrt],
        "class": component.exactness.value,
        "terms": [
            [
                prefix_tree(reading.weight, names),
                [[e.row, e.output] for e in reading.evaluations],
                [[e.row, e.output] for e in reading.divisors],
            ]
            for reading in component.readings
        ],
    }


def _setting(template: int, part: Measured) -> Record:
    setting = part.setting
    return {
        "template": template,
        "file": part.file,
        "change": [[op.gate.name, *op.wires] for op in setting.change],
        "basis": setting.basis,
        "cells": part.cells,
        "kept": [[cell, int(value)] for cell, value in part.kept],
        "reads": [[read.output, read.term, read.sign, read.places] for read in setting.reads],
    }


def used_by(module: Shifted) -> dict[tuple[Element, ...], int]:
    """For all that a component is by: the distinct rows that those components read."""
    rows: dict[tuple[Element, ...], set[int]] = {}
    for component in module.components:
        rows.setdefault(component.wrt, set()).update(e.row for reading in component.readings for e in reading.read)
    return {wrt: len(found) for wrt, found in rows.items()}


def _certificate(certificate: Certificate, used: Mapping[tuple[Element, ...], int]) -> Record:
    return {
        "wrt": [str(element) for element in certificate.wrt],
        "used": used.get(certificate.wrt, 0),
        "naive": certificate.naive,
        "joint": certificate.joint,
        "least": certificate.least,
    }


def _plan(plan: ShotPlan) -> Record:
    return {
        "total": plan.total,
        "variances": "simulated" if plan.simulated else "prior",
        "rows": plan.rows,
        "errors": [None if error is None else np.asarray(error).tolist() for error in plan.errors],
    }


def _cost(module: Shifted, settings_of: Sequence[int]) -> Record:
    needed = {e.row for c in module.components if c.wrt for reading in c.readings for e in reading.read}
    return {
        "evaluations": module.evaluations,
        "value_evaluations": module.value_evaluations,
        "naive": module.naive,
        "joint": module.joint,
        "least": module.least,
        "settings": sum(settings_of),
        "circuits": sum(settings_of[module.rows[row].template] for row in needed),
    }
