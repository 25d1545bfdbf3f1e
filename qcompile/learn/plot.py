"""The course of a training as a picture."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qcompile.diagnostics import Code, error

FORMATS = (".svg", ".png")
_MET, _BEST, _FAINT = "#9aa7b5", "#1f4e8c", "#d8dde3"
_DECADES = 2.0  # that the distance has to span for a picture of its own
_STYLE = {
    "path.simplify": False,  # every step is a point of the line
    "svg.hashsalt": "qcompile",
    "svg.fonttype": "none",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#5c6670",
    "axes.titlelocation": "left",
}


def check_plot(path: Path) -> None:
    """Raises UNKNOWN_OPTION for another ending than those drawn, MISSING_CLIENT without matplotlib."""
    if path.suffix not in FORMATS:
        label = f"`{path}` is no name of a picture that can be drawn"
        raise error(Code.UNKNOWN_OPTION, label, help=f"let it end in {' or '.join(FORMATS)}")
    if importlib.util.find_spec("matplotlib") is None:
        label = "pictures need the package `matplotlib`"
        raise error(Code.MISSING_CLIENT, label, help="pip install 'qcompile[plot]'")


def save_plot(history: Sequence[float], path: Path, title: str, lowest: float | None = None) -> None:
    """Value by step and the best so far; below, where it spans decades, how far that is from `lowest`.

    Args:
        lowest: the value to be reached; None: the lowest in the history.

    Raises:
        CompileError: as `check_plot`; UNWRITABLE.
    """
    check_plot(path)
    import matplotlib as mpl

    values = np.array(history)
    best: NDArray[np.float64] = np.minimum.accumulate(values)
    distance = best - (best[-1] if lowest is None else lowest)
    with mpl.rc_context(_STYLE):
        figure = _drawn(values, best, distance, title, "the target" if lowest is not None else "the lowest value met")
        try:
            figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)
        except OSError as fault:
            label = f"`{path}`: {fault.strerror}"
            raise error(Code.UNWRITABLE, label, help="name a file in a folder that you may write to") from fault


def _drawn(
    values: NDArray[np.float64], best: NDArray[np.float64], distance: NDArray[np.float64], title: str, of_what: str
) -> Any:
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    shown = distance > 0
    spans = shown.any() and np.log10(distance[shown].max() / distance[shown].min()) >= _DECADES
    figure = Figure(figsize=(7, 6 if spans else 4), layout="constrained")
    above, *below = np.atleast_1d(figure.subplots(2 if spans else 1, 1, sharex=True)).tolist()
    steps = np.arange(1, len(values) + 1)
    marker = "o" if len(values) <= 60 else None
    above.plot(steps, values, color=_MET, lw=1, marker=marker, ms=3, label="lowest in the step", gid="values")
    above.plot(steps, best, color=_BEST, lw=1.8, label="lowest so far", gid="best")
    above.set_title(title)
    above.set_ylabel("value")
    above.legend(frameon=False)
    for panel in below:
        panel.semilogy(steps[shown], distance[shown], color=_BEST, lw=1.8, marker=marker, ms=3, gid="distance")
        panel.set_ylabel(f"lowest so far − {of_what}")
    for panel in (above, *below):
        panel.grid(color=_FAINT, lw=0.6)
        panel.set_axisbelow(True)
    last = below[-1] if below else above
    last.set_xlabel("step")
    last.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    figure.align_ylabels()
    return figure
