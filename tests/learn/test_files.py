"""The log and the picture of a training."""

import json
import math
import re
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from trained_programs import SIMPLE, h2, program_of

import qcompile as qc
from qcompile.learn import OPTIMIZERS, Optimizer
from qcompile.learn.plot import save_plot

FIELDS = {
    "step": int, "value": float, "best": float, "gradient_norm": (float, type(None)), "seconds": float,
    "evaluations": int,
}  # fmt: skip


def records(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_step_has_a_line(optimizer: Optimizer, tmp_path: Path) -> None:
    """Would catch a field that is missing, another type, a step that is not told, and counts that do not add up."""
    path = tmp_path / "log.jsonl"
    result = qc.train(program_of(SIMPLE), 6, optimizer, 0.05, log=path)
    found = records(path)
    assert [record["step"] for record in found] == list(range(1, result.steps + 1))
    assert [record["value"] for record in found] == list(result.history)
    assert [record["best"] for record in found] == np.minimum.accumulate(result.history).tolist()
    assert found[-1]["evaluations"] == result.evaluations
    for record in found:
        assert record.keys() == FIELDS.keys()
        assert all(isinstance(record[name], kind) for name, kind in FIELDS.items())  # type: ignore[arg-type]
    for name in ("seconds", "evaluations"):
        assert [record[name] for record in found] == sorted(record[name] for record in found)


def test_the_norm_is_the_gradients(tmp_path: Path) -> None:
    """Would catch the greatest entry, or the norm of the step."""
    path, start = tmp_path / "log.jsonl", dict[str, Any](t=0.5, w=[0.3, 0.4])
    qc.train(program_of(SIMPLE), 1, "adam", initial=start, log=path)
    gradient = qc.gradient(program_of(SIMPLE))(**start)
    norm = math.hypot(gradient["t"], *gradient["w"])
    assert records(path)[0]["gradient_norm"] == pytest.approx(norm)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_going_on_keeps_the_lines_of_the_steps_before(optimizer: Optimizer, tmp_path: Path) -> None:
    """Would catch a step that has two lines, as when the log was ahead of the checkpoint, or half a line."""
    log, run = tmp_path / "log.jsonl", tmp_path / "run.json"
    qc.train(program_of(SIMPLE), 4, optimizer, checkpoint=run, log=log)
    with log.open("a", encoding="utf-8") as file:
        file.write('{"step": 5, "value": 0.0}\n{"step": 6, "va')
    qc.train(program_of(SIMPLE), 8, optimizer, checkpoint=run, resume=True, log=log)
    assert [record["step"] for record in records(log)] == list(range(1, 9))
    assert all(record.keys() == FIELDS.keys() for record in records(log))
    seconds = [record["seconds"] for record in records(log)]
    assert seconds == sorted(seconds)


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Would catch a traceback, or a training without its log."""
    with pytest.raises(qc.CompileError) as fault:
        qc.train(h2(), 2, log=tmp_path / "nowhere" / "log.jsonl")
    assert fault.value.diagnostics[0].code is qc.Code.UNWRITABLE


def drawn(path: Path) -> dict[str, int]:
    """By name, how many points each line of an SVG file has."""
    found: dict[str, int] = {}
    for group in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}g"):
        lines = group.findall("{http://www.w3.org/2000/svg}path")
        if group.get("id") in ("values", "best", "distance") and lines:
            found[group.get("id", "")] = len(re.findall("[ML]", lines[0].get("d", "")))
    return found


@pytest.mark.parametrize("steps", [1, 7, 300])
def test_the_picture_has_a_point_for_each_step(steps: int, tmp_path: Path) -> None:
    """Would catch steps that are left out, as matplotlib does with many of them."""
    path = tmp_path / "run.svg"
    history = (np.random.default_rng(0).normal(size=steps) / np.arange(1, steps + 1)).tolist()
    save_plot(history, path, "a title & more")
    assert drawn(path).items() >= {"values": steps, "best": steps}.items()
    text = path.read_text(encoding="utf-8")
    for word in ("a title &amp; more", ">step<", ">value<", "lowest so far"):
        assert word in text


def test_the_distance_is_drawn_where_it_spans_decades(tmp_path: Path) -> None:
    """Would catch a logarithm of zero or of noise, and a distance from another value than the target."""
    path = tmp_path / "run.svg"
    falling = [1.0 + 10.0**-k for k in range(8)]
    save_plot(falling, path, "", 1.0)
    assert drawn(path)["distance"] == 8
    save_plot(falling, path, "")
    assert drawn(path)["distance"] == 7  # the last is the lowest met, at no distance
    save_plot([1.0, 0.9, 0.8, 0.7], path, "")
    assert "distance" not in drawn(path)


def test_png_is_a_picture_too(tmp_path: Path) -> None:
    """Would catch an SVG file by another name."""
    path = tmp_path / "run.png"
    save_plot([3.0, 2.0, 1.0], path, "")
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (1050, 600)


def test_the_same_history_is_the_same_picture(tmp_path: Path) -> None:
    """Would catch a date or a random name in the file."""
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"
    for path in (first, second):
        save_plot([3.0, 2.0, 1.0], path, "t")
    assert first.read_bytes() == second.read_bytes()


def nothing_found(_: str) -> None:
    """No package."""


def test_what_cannot_be_drawn_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a traceback, and a missing package that is not named with its extra."""
    for name, code in (("run.pdf", qc.Code.UNKNOWN_OPTION), ("nowhere/run.svg", qc.Code.UNWRITABLE)):
        with pytest.raises(qc.CompileError) as fault:
            save_plot([1.0], tmp_path / name, "")
        assert fault.value.diagnostics[0].code is code
    monkeypatch.setattr("importlib.util.find_spec", nothing_found)
    with pytest.raises(qc.CompileError, match=r"qcompile\[plot\]") as fault:
        save_plot([1.0], tmp_path / "run.svg", "")
    assert fault.value.diagnostics[0].code is qc.Code.MISSING_CLIENT
