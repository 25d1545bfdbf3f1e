"""Molecular hydrogen from source text to its energy, its gradient, and programs for hardware. Run by `make demo`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table

import qcompile as qc

if TYPE_CHECKING:
    from qcompile.targets import Bundle

EXACT = -1.1372701747  # hartree, by diagonalisation
STEPS, STEP = 100, 1e-5
SOURCE = Path(__file__).with_name("h2.qc")
console = Console(width=None if Console().is_terminal else 120)


def show(title: str, text: str) -> None:
    console.print(Rule(title))
    console.print(Syntax(text.strip(), "rust", background_color="default", word_wrap=True))


def train(program: qc.Program) -> qc.TrainResult:
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("training", total=STEPS)
        return qc.train(program, steps=STEPS, progress=lambda done, _: progress.update(task, completed=done))


def gradients(program: qc.Program, theta: float) -> dict[str, Any]:
    """The derivative at `theta` by three methods that share nothing but the program."""
    energy = qc.simulate(program)
    return {
        "adjoint": qc.gradient(program, "adjoint")(theta=theta)["theta"],
        "parameter shift": qc.gradient(program, "shift")(theta=theta)["theta"],
        "finite differences": (energy(theta=theta + STEP) - energy(theta=theta - STEP)) / (2 * STEP),
    }


def excerpt(bundle: Bundle) -> str:
    """What of the manifest says how to get the gradient; not the observable, the settings and the hashes."""
    manifest = json.loads(bundle.files["manifest.json"])
    lines = [f"{key}: {json.dumps(manifest[key])}" for key in ("language", "class", "cost", "slots")]
    lines += [f"rows[{k}]: {json.dumps(row)}" for k, row in enumerate(manifest["rows"])]
    return "\n".join([*lines, f"components[-1]: {json.dumps(manifest['components'][-1])}"])


def main() -> None:
    program = qc.load(SOURCE)
    if not isinstance(program, qc.Program):
        raise SystemExit(f"{SOURCE} holds a derivative")
    show(f"the program: examples/{SOURCE.name}", SOURCE.read_text(encoding="utf-8"))

    result = train(program)
    console.print(Rule("trained"))
    console.print(
        f"energy  {result.value:.10f} hartree after {result.steps} steps, theta {result.parameters['theta']:.6f}"
    )
    console.print(f"exact   {EXACT:.10f} hartree, so the error is {abs(result.value - EXACT):.1e}")

    table = Table("d energy / d theta at 0.2", "value", box=None)
    for method, value in gradients(program, 0.2).items():
        table.add_row(method, f"{value:.12f}")
    console.print(Rule("gradient check"), table)

    derivative = qc.differentiate(program)
    show("the gradient, as a program", qc.to_text(derivative))
    show("Quil", qc.emit(program, "quil"))
    show("OpenQASM 3", qc.emit(program, "openqasm3"))
    bundle = qc.bundle(derivative, "openqasm3")
    console.print(Rule("the gradient, as a bundle for OpenQASM 3"), ", ".join(sorted(bundle.files)))
    show("from its manifest.json", excerpt(bundle))


if __name__ == "__main__":
    main()
