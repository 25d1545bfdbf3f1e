"""The picture of how times grow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from peers import OURS
from plan import LINES, SCALING
from results import Job, Result

# Ours in a colour of its own; of one library all ways have one.
COLOURS = {OURS: "#d1495b", "Qulacs": "#00798c", "Lightning engine": "#edae49", "Catalyst": "#66757f"}
AXES = {"qubits": 1, "layers": 2, "rows": 1}  # where in a workload's name the number stands


def draw(results: Sequence[Result], path: Path) -> None:
    found = {result.job: result for result in results}
    figure = Figure(figsize=(12, 4), layout="constrained")
    for panel, (axis, names) in zip(figure.subplots(1, len(SCALING)), SCALING.items(), strict=True):
        for peer in LINES:
            _line(panel, axis, peer, [found.get(Job(peer, name)) for name in names])
        _guide(panel, axis)
        panel.set(
            xlabel=axis, ylabel="milliseconds a call", yscale="log", xscale="linear" if axis == "qubits" else "log"
        )
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "qcompile"}):  # the same times give the same file
        figure.savefig(path, metadata={"Date": None})


def _line(panel: Any, axis: str, peer: str, results: Sequence[Result | None]) -> None:
    timed = [result for result in results if result and result.times]
    if not timed:
        return
    numbers = [int(result.job.workload.split("-")[AXES[axis]]) for result in timed]
    colour = COLOURS[peer.split(",")[0]]
    panel.plot(numbers, [1e3 * result.time for result in timed], "o-", color=colour, markersize=4, label=peer)


def _guide(panel: Any, axis: str) -> None:
    """What our times should grow like, through the last of them: ours are the first line."""
    if not panel.lines:
        return
    numbers, times = (list(values) for values in panel.lines[0].get_data())
    doubling = axis == "qubits"
    grown = [times[-1] * (2.0 ** (n - numbers[-1]) if doubling else n / numbers[-1]) for n in numbers]
    shown = [(n, time) for n, time in zip(numbers, grown, strict=True) if time > min(times) / 2]
    panel.plot(*zip(*shown, strict=True), ":", color="#999999", label="2 a qubit" if doubling else "linear", zorder=0)
