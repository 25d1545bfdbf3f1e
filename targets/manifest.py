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

from qcompile.ir import (
    Component,
    Expectation,
    Output,
    Parameter,
    Probabilities,
    Program,
    Samples,
    Shifted,
    State,
    Variance,
)
from qcompile.targets.emit import Language
from qcompile.targets.expressions import Names, call_tree, prefix_tree, used_inputs
from qcompile.targets.settings import Setting

FORMAT = "qcompile-bundle"
FORMAT_VERSION = 2
Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a template is in a bundle: its file, the files of its settings with the cells they read into.

    `unread` are the (output, term) pairs that no setting reads.
    """

    file: str
    settings: tuple[tuple[str, Setting, tuple[str, ...] | None], ...]
    unread: tuple[tuple[int, int], ...]


def describe(
    module: Shifted,
    language: Language,
    names: Names,
    placements: Sequence[Placement],
    files: Mapping[str, str],
) -> Record:
    """The manifest; a placement for each template."""
    programs = [template.program for template in module.templates]
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "generator": {"name": "qcompile", "version": generator_version()},
        "language": language.name,
        "wires": {"kind": language.kind, "count": max((len(program.kinds) for program in programs), default=0)},
        "parameters": _inputs(programs, names, slots=False),
        "slots": _inputs(programs, names, slots=True),
        "computed": [
            {"kind": "computed", "emitted": name, "expression": call_tree(call, names)}
            for call, name in names.computed.items()
        ],
        "templates": [
            _template(template.name, template.program, placement.file, names)
            for template, placement in zip(module.templates, placements, strict=True)
        ],
        "rows": [
            {
                "template": row.template,
                "slots": {names[element]: prefix_tree(value, names) for element, value in row.settings},
            }
            for row in module.rows
        ],
        "components": [_component(component, names) for component in module.components],
        "class": module.exactness.value,
        "cost": _cost(module, [len(placement.settings) for placement in placements]),
        "settings": [
            {"template": index, "file": file, "basis": setting.basis, "cells": cells, "reads": setting.reads}
            for index, placement in enumerate(placements)
            for file, setting, cells in placement.settings
        ],
        "unread": [[index, *word] for index, placement in enumerate(placements) for word in placement.unread],
        "seeds": None,
        "sha256": {name: sha256(text.encode()).hexdigest() for name, text in sorted(files.items())},
    }


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


def _template(name: str, program: Program, file: str, names: Names) -> Record:
    return {
        "name": name,
        "file": file,
        "inputs": used_inputs(program, names),
        "outputs": [_output(output, names) for output in program.outputs],
    }


def _output(output: Output, names: Names) -> Record:
    match output:
        case Expectation():
            terms = [[prefix_tree(coefficient, names), word] for word, coefficient in output.observable.operator.terms]
            return {"kind": "expectation", "terms": terms}
        case Probabilities():
            return {"kind": "probabilities", "wires": output.wires}
        case Variance() | Samples() | State():
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


def _cost(module: Shifted, settings_of: Sequence[int]) -> Record:
    needed = {e.row for c in module.components if c.wrt for reading in c.readings for e in reading.read}
    return {
        "evaluations": module.evaluations,
        "value_evaluations": module.value_evaluations,
        "naive": module.naive,
        "settings": sum(settings_of),
        "circuits": sum(settings_of[module.rows[row].template] for row in needed),
    }
