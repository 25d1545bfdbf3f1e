"""Bundles run on the real clients by the example scripts give the gradient that the built-in adjoint gives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundle_reader import Reader
from clients import EXAMPLES, openqasm3_unitary, program_of, quil_unitary, run_script
from numpy.typing import ArrayLike

import qcompile as qc
from qcompile.ir import Program
from qcompile.passes.differentiate import differentiate
from qcompile.targets import bundle
from qcompile.targets.grouping import STRATEGIES, Strategy
from qcompile.targets.simulator import Options, evaluate
from qcompile.targets.strawberryfields_import import import_strawberryfields

QISKIT, PYQUIL, STRAWBERRY = (f"run_bundle_{name}.py" for name in ("qiskit", "pyquil", "strawberryfields"))
GAUSSIAN_NEURON = """
qumode m[2]; param w[4]; input data;
displace(data, 0) m[0]; beamsplit(w[0], 0) m[0], m[1]; squeeze(w[1], 0) m[0]; rotate(w[2]) m[0]; displace(w[3], 0) m[1];
return expect(x[0] + 0.5*n[1] + 0.5*p[0]);
"""
HARD = """
qubit q[3]; param w[2]; param t; input x[2];
observable H = t**2*Z[0] - 0.5*X[0] Y[2] + exp(w[1])*Z[1] + 0.25;
ry(sin(w[0])*x[1]/2) q[0]; crx(t - w[0]) q[0], q[1]; ry(t**3) q[2]; single_excitation(w[1]) q[0], q[2];
return expect(H), expect(Z[0] Z[1]), var(Y[2]);
"""
Values = Mapping[str, ArrayLike]
CASES: dict[str, tuple[str, Values]] = {
    "h2": ((EXAMPLES / "h2.qc").read_text(), {"theta": 0.3}),
    "maxcut": ((EXAMPLES / "maxcut_p1.qc").read_text(), {"gamma": 0.35, "beta": -0.2}),
    "hard": (HARD, {"w": [0.4, -0.7], "t": 0.9, "x": [0.3, -1.1]}),
}


def arguments(values: Values) -> list[str]:
    return [f"{name}={','.join(map(repr, np.ravel(np.asarray(value, dtype=float)).tolist()))}"
            for name, value in values.items()]  # fmt: skip


def expected(program: Program, values: Values, method: str = "adjoint", **options: Any) -> dict[str, Any]:
    """Value and gradient on the simulator, a number for each output, as the scripts print them."""
    found: Any = qc.value_and_grad(program, method=method, **options)(**values)
    outputs: Any = zip(*found, strict=True) if isinstance(found[0], tuple) else [found]
    shown: dict[str, Any] = {"value": [], "gradient": {}}
    for number, by_name in outputs:
        shown["value"].append(number)
        for parameter in (p for p in program.parameters if p.role == "param"):
            parts: list[float] = np.ravel(by_name[parameter.name]).tolist()
            for element, part in zip(parameter.elements(), parts, strict=True):
                shown["gradient"].setdefault(str(element), []).append(part)
    return shown


def assert_same(printed: dict[str, Any], wanted: dict[str, Any], tolerance: float = 1e-8) -> None:
    assert printed["value"] == pytest.approx(wanted["value"], abs=tolerance)
    assert printed["gradient"].keys() == wanted["gradient"].keys()
    for name, numbers in wanted["gradient"].items():
        assert printed["gradient"][name] == pytest.approx(numbers, abs=tolerance)


@pytest.mark.parametrize("script", [QISKIT, PYQUIL])
@pytest.mark.parametrize("case", CASES)
def test_qubits(case: str, script: str, tmp_path: Path) -> None:
    """Would catch a wrong slot, weight, wire number, expression or file, on either client."""
    text, values = CASES[case]
    program = program_of(text)
    folder = bundle(differentiate(program), "quil" if script == PYQUIL else "openqasm3").save(tmp_path / case)
    # Adjoint does not differentiate coefficients.
    wanted = expected(program, values, "shift" if case == "hard" else "adjoint")
    assert_same(run_script(script, folder, *arguments(values)), wanted)
    if script == QISKIT:
        assert_same(run_script(script, folder, "--aer", *arguments(values)), wanted)


def test_light(tmp_path: Path) -> None:
    """Would catch the same for photonic programs, on the Gaussian engine and in Fock space."""
    program = program_of(GAUSSIAN_NEURON)
    values: Values = {"w": [0.1, 0.2, 0.3, 0.4], "data": 0.5}
    folder = bundle(differentiate(program), "blackbird").save(tmp_path / "neuron")
    wanted = expected(program, values)
    assert_same(run_script(STRAWBERRY, folder, *arguments(values)), wanted)
    assert_same(run_script(STRAWBERRY, folder, "cutoff=40", *arguments(values)), wanted, 1e-6)


def test_light_with_a_cubic_phase(tmp_path: Path) -> None:
    """Would catch a wrong rule or spelling of a gate that only Fock space holds, to the error of the cut."""
    program = program_of((EXAMPLES / "photonic_neuron.qc").read_text())
    values: Values = {"w": [0.1, 0.2, 0.3, 0.02, 0.4], "data": 0.3}
    folder = bundle(differentiate(program), "blackbird").save(tmp_path / "neuron")
    printed = run_script(STRAWBERRY, folder, "cutoff=40", *arguments(values))
    assert_same(printed, expected(program, values, cutoff=40), 1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # pyQuil calls what it deprecates
@pytest.mark.parametrize("grouping", STRATEGIES)
@pytest.mark.parametrize("language", ["openqasm3", "quil"])
def test_the_settings_measure_every_word(language: str, grouping: Strategy) -> None:
    """Would catch a wrong basis change, a word read in another basis, or a cell that holds another wire."""
    body = "qubit q[3]; ry(0.3) q[0]; rx(-0.8) q[1]; u(0.2, 0.5, 0.9) q[2]; cx q[0], q[2]; cry(1.1) q[2], q[1];"
    words = [
        "X[0] X[1]",
        "Y[0] Y[1]",
        "Z[0] Z[1]",
        "X[0]",
        "Y[0]",
        "Z[0]",
        "X[0] Y[2]",
        "Z[1] Y[2]",
        "Y[0] Y[1] X[2]",
        "Z[0] Z[1] Z[2]",
    ]
    program = program_of(f"{body} return {', '.join(f'expect({word})' for word in words)};")
    made = bundle(program, language, grouping=grouping)
    manifest = json.loads(made.files["manifest.json"])
    found: dict[int, float] = {}
    for setting in manifest["settings"]:
        sign = signs(made.files[setting["file"]], setting["cells"])
        for output, _, factor, places in setting["reads"]:
            found[output] = factor * sign(places)
    assert [found[k] for k in range(len(words))] == pytest.approx(qc.simulate(program)(), abs=1e-9)


SELECTED = """
qubit q[3]; bit c[2]; param a; param b;
ry(a) q[0]; rx(0.4) q[1]; cx q[0], q[1]; ry(b) q[2]; cz q[1], q[2]; c[0] = measure q[1]; postselect !c[0];
if (!c[0]) { rx(0.7) q[2]; } crx(b) q[0], q[2]; c[1] = measure q[1];
return expect(0.5*X[0] Y[2] + Z[2] + 2), probs(q[2], q[0]), var(Z[0]);
"""


@pytest.mark.parametrize("grouping", STRATEGIES)
@pytest.mark.parametrize("case", [*CASES, "selected"])
def test_the_files_of_the_settings_alone_give_the_gradient(case: str, grouping: Strategy) -> None:
    """Would catch a wrong sign, parity or Clifford circuit, a word that nothing reads, and runs kept wrongly."""
    text, values = CASES.get(case, (SELECTED, {"a": 0.8, "b": -0.5}))
    derivative = differentiate(program_of(text))
    numbers = {name: np.ravel(np.asarray(value, dtype=float)).tolist() for name, value in values.items()}
    reader = Reader(bundle(derivative, "openqasm3", grouping=grouping), numbers)
    for found, wanted in zip(reader.components(), evaluate(derivative, values, Options()), strict=True):
        assert found == pytest.approx(wanted[0], abs=1e-9)


def signs(text: str, cells: list[str]) -> Callable[[list[int]], float]:
    """The mean of the product of (-1)^cell over chosen positions in `cells`, over what the text would measure."""
    plain = "\n".join(line for line in text.splitlines() if "readout" not in line)
    matrix = quil_unitary(plain, {}, 3) if "DECLARE" in text else openqasm3_unitary(plain, {})
    probabilities = (np.abs(matrix[:, 0]) ** 2).reshape(2, 2, 2)
    wires = {cell: int(wire) for cell, wire in re.findall(r"(bit_readout\[\d\]) = measure q\[(\d)\]", text)}
    wires |= {cell: int(wire) for wire, cell in re.findall(r"MEASURE (\d) (bit_readout\[\d\])", text)}

    def mean(positions: list[int]) -> float:
        parity = np.indices((2, 2, 2))[[wires[cells[position]] for position in positions]].sum(axis=0)
        return float((probabilities * (-1.0) ** parity).sum())

    return mean


def test_light_is_measured_in_the_bases_of_its_words() -> None:
    """Would catch a detector of the wrong quadrature or mode: sharp states give sharp results."""
    text = "qumode m[3]; shift_x(40) m[0]; shift_p(30) m[1]; fock(2) m[2]; return expect(x[0] + p[1] + n[2]);"
    made = bundle(program_of(text), "blackbird")
    sf = import_strawberryfields()
    engine = sf.Engine("gaussian")
    (setting,) = json.loads(made.files["manifest.json"])["settings"]
    assert setting["basis"] == [["x", 0], ["p", 1], ["n", 2]]
    samples = engine.run(sf.io.loads(made.files[setting["file"]].replace("Fock(2.0)", "Vacuum()"))).samples_dict
    assert [samples[mode][0] for mode in range(2)] == pytest.approx([40, 30], abs=8)
    assert samples[2][0] == 0
