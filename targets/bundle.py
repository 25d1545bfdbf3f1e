"""Bundles: a derivative as files that a plain script with the vendor's library alone can run."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from qcompile.angle import number
from qcompile.diagnostics import Code, error
from qcompile.ir import Adjoint, Measure, Module, Program, Row, Shifted, Template
from qcompile.targets.binding import map_angles
from qcompile.targets.emit import Language, check_sayable, find_language, write
from qcompile.targets.expressions import Names, emitted_names
from qcompile.targets.grouping import Strategy
from qcompile.targets.guards import arrange
from qcompile.targets.manifest import FORMAT, Detection, Measured, Placement, describe, to_json
from qcompile.targets.postselection import without_selection
from qcompile.targets.settings import measured, measurement_settings
from qcompile.targets.shots import plan_shots
from qcompile.targets.simulator.values import Values
from qcompile.targets.writing import cell_names

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files by name: a program for each template, one for each of its measurement settings, and the manifest."""

    files: Mapping[str, str]

    def save(self, folder: str | Path) -> Path:
        """Writes all files or none: into a new folder beside, which is then renamed.

        Raises:
            CompileError: UNWRITABLE, also when the folder holds anything that is no bundle.
        """
        target = Path(folder).absolute()
        _check_replaceable(target)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as made:
                fresh = Path(made, "new")
                fresh.mkdir()
                for name, text in self.files.items():
                    Path(fresh, name).write_text(text, encoding="utf-8")
                _put(fresh, target, Path(made, "old"))
        except OSError as fault:
            raise error(Code.UNWRITABLE, f"{target}: {fault.strerror}") from None
        return target


def bundle(
    module: Module,
    language: str,
    optimize: int = 2,
    grouping: Strategy = "qubit-wise",
    shots: int | None = None,
    values: Values | None = None,
) -> Bundle:
    """The files of a derivative; of a program, those of its value.

    Args:
        grouping: what a setting reads together: words that agree on every wire, or all that commute.
        shots: to share out over rows and settings, for the least variance at `values` of the parameters; without
            values, as if words were independent and of variance one.

    Raises:
        CompileError: UNKNOWN_LANGUAGE, UNSAYABLE, UNBOUND (OpenQASM 2), METHOD (an adjoint derivative).
    """
    target = find_language(language)
    return packed(legal_for(_as_shifted(module), target, optimize), target, grouping, shots, values)


def packed(
    shifted: Shifted,
    language: Language,
    grouping: Strategy = "qubit-wise",
    shots: int | None = None,
    values: Values | None = None,
) -> Bundle:
    """As `bundle`, of a derivative that `legal_for` has said in the language's gates."""
    programs = [template.program for template in shifted.templates]
    names = emitted_names(programs, language.arrays)
    files: dict[str, str] = {}
    placements: list[Placement] = []
    for template in shifted.templates:
        texts, placement = _place(template, language, names, grouping)
        files |= texts
        placements.append(placement)
    settings = [[part.setting for part in placement.settings] for placement in placements]
    plan = None if shots is None else plan_shots(shifted, settings, shots, values)
    files[MANIFEST] = to_json(describe(shifted, language, names, placements, files, grouping, plan))
    return Bundle(files)


def _place(
    template: Template, language: Language, names: Names, grouping: Strategy
) -> tuple[dict[str, str], Placement]:
    """The files of one template, and what is in which; without post-selection no estimator's file says it."""
    program, condition = without_selection(template.program)
    file = None if condition else template.name + language.ending
    files = {} if file is None else {file: write(program, language, names)}
    settings, unread = measurement_settings(program, grouping)
    placed: list[Measured] = []
    held = dict(enumerate(_cells(program, language))) if language.kind == "qubit" else _detections(program)
    for index, setting in enumerate(settings):
        name = f"{template.name}.m{index}{language.ending}"
        whole = measured(program, setting.basis, setting.change)
        files[name] = write(whole, language, names)
        cells = _cells(whole, language)
        kept = tuple((cells[cell], value) for cell, value in condition)
        read = tuple(cells[len(program.cell_kinds) :]) if language.kind == "qubit" else None
        placed.append(Measured(name, setting, read, kept))
    return files, Placement(file, held, tuple(placed), unread)


def _cells(program: Program, language: Language) -> list[str]:
    """What the text calls the classical cells."""
    if language.name != "openqasm2":
        return cell_names(program)
    arranged = arrange(program)
    return [arranged.spelled(cell) for cell in range(len(program.cell_kinds))]


def _detections(program: Program) -> dict[int, str | Detection]:
    """What each classical cell holds at the end, where the language names none."""
    found: dict[int, str | Detection] = {}
    turns: Counter[int] = Counter()
    for statement in program.body:
        if isinstance(statement, Measure):
            for part, cell in enumerate(statement.cells):
                found[cell] = (statement.wire, turns[statement.wire], part)
            turns[statement.wire] += 1
    return found


def _as_shifted(module: Module) -> Shifted:
    match module:
        case Program():
            from qcompile.passes.differentiate import lift

            return lift(module)
        case Shifted():
            return module
        case Adjoint():
            cure = 'differentiate with method="shift" or "auto"'
            raise error(Code.METHOD, "an adjoint derivative runs on the simulator alone", None, cure)


def legal_for(module: Shifted, language: Language, optimize: int = 2) -> Shifted:
    """The derivative in gates that the language has; raises UNSAYABLE, UNBOUND."""
    from qcompile.passes import lowering

    if not language.parametric:
        module = _one_template_per_row(module)
    for template in module.templates:
        check_sayable(template.program, language)
    legal = lowering(language.name, optimize)(module)
    if not isinstance(legal, Shifted):
        raise AssertionError("a pass turned a shifted module into something else")
    return legal


def _one_template_per_row(module: Shifted) -> Shifted:
    """The rows' slots written into the circuits, for a language that has no parameters."""
    templates: list[Template] = []
    for index, row in enumerate(module.rows):
        program = module.templates[row.template].program
        unset = {e: number(0.0) for p in program.parameters if p.role == "slot" for e in p.elements()}
        kept = tuple(p for p in program.parameters if p.role != "slot")
        bound = map_angles(replace(program, parameters=kept), {**unset, **dict(row.settings)})
        templates.append(Template(f"{module.templates[row.template].name}_r{index}", bound))
    rows = tuple(Row(index) for index in range(len(module.rows)))
    return replace(module, templates=tuple(templates), rows=rows)


def _put(fresh: Path, target: Path, old: Path) -> None:
    """Renames; what was there comes back when the second renaming fails."""
    if target.exists():
        target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise


def _check_replaceable(target: Path) -> None:
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    try:
        known = json.loads(Path(target, MANIFEST).read_text(encoding="utf-8")).get("format") == FORMAT
    except (OSError, ValueError, AttributeError):
        known = False
    if not known:
        label = f"{target} holds something that is no bundle"
        raise error(Code.UNWRITABLE, label, None, "name a new folder, or an older bundle to replace")
