"""Every Blackbird program of the corpora means what Strawberry Fields runs, or is refused for a known reason."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qcompile.diagnostics import Code, CompileError, CompileWarning
from qcompile.grammar import parse, to_text
from qcompile.grammar.languages import ReadOptions, read
from qcompile.ir import Measure, Op, Probabilities, Program, Samples, State
from qcompile.targets.simulator import Options, run
from qcompile.targets.strawberryfields_import import import_strawberryfields

# Not physical: matrices that are neither symplectic nor a covariance. Strawberry Fields refuses it too.
REFUSED = {"example.xbb": {Code.OUT_OF_REACH, Code.NOT_UNITARY}}
READ = [
    "coherent_sampling.xbb",
    "example_chip0.xbb",
    "example_coherent.xbb",
    "example_include.xbb",
    "state_teleportation.xbb",
]
SQUEEZING = 0.7
Moments = tuple[NDArray[np.float64], NDArray[np.float64]]


def program_of(path: Path) -> Program:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CompileWarning)
        module = read(path.read_text("utf-8"), "blackbird", path.name, ReadOptions(folder=path.parent))
    assert isinstance(module, Program)
    return module


def before_detection(program: Program, values: dict[str, Any] | None = None) -> Moments:
    """Means and covariance of our program without its detections."""
    body = tuple(statement for statement in program.body if not isinstance(statement, Measure))
    bare = Program(program.registers, program.parameters, (), body, (State(),))
    found = run(bare, values or {}, Options(engine="gaussian"))[0][0]
    return found[0], found[1:]


@pytest.fixture(scope="module")
def sf() -> Any:
    return import_strawberryfields()


def test_every_file_is_read_or_refused(corpora: Path) -> None:
    """Catches a file that is read no more, one that is read and should not be, and a text that does not read back."""
    read_well, refused = list[str](), dict[str, set[Code]]()
    for path in sorted((corpora / "blackbird").glob("*.xbb")):
        try:
            program = program_of(path)
        except CompileError as fault:
            refused[path.name] = {found.code for found in fault.diagnostics if found.span and found.help}
            continue
        assert parse(to_text(program)) == program
        read_well.append(path.name)
    assert read_well == READ
    assert refused == REFUSED


def test_strawberry_fields_refuses_what_is_refused(corpora: Path, sf: Any) -> None:
    """Catches a program that its own vendor runs and we do not."""
    with pytest.raises(Exception, match=r"."):
        sf.io.load(str(corpora / "blackbird" / "example.xbb"))


@pytest.mark.parametrize("name", ["coherent_sampling.xbb", "example_chip0.xbb", "example_coherent.xbb"])
def test_what_is_detected_is_the_same_state(name: str, corpora: Path, sf: Any) -> None:
    """Catches an interferometer read by columns, a phase of the wrong sign, a detector on another mode."""
    path = corpora / "blackbird" / name
    program, text = program_of(path), path.read_text("utf-8")
    theirs = sf.Engine("gaussian").run(sf.io.loads(re.sub(r"(?m)^Measure.*", "", text))).state
    means, covariance = before_detection(program)
    np.testing.assert_allclose(means, theirs.means(), rtol=0, atol=1e-9)
    np.testing.assert_allclose(covariance, theirs.cov(), rtol=0, atol=1e-9)
    detected = [(s.detection, s.wire, float(s.angle)) for s in program.body if isinstance(s, Measure)]
    written = re.findall(r"(?m)^(Measure\w+).*\| (\d+)", text)
    kinds = {"MeasureX": "homodyne", "MeasureFock": "fock", "MeasureIntensity": "fock"}
    assert detected == [(kinds[word], int(mode), 0.0) for word, mode in written]
    assert program.outputs == (Samples((), tuple(range(len(detected)))),)


def test_photons_are_counted_as_there(corpora: Path, sf: Any) -> None:
    """Catches an amplitude that only the distribution of its photons shows."""
    path = corpora / "blackbird" / "example_coherent.xbb"
    program = program_of(path)
    body = tuple(statement for statement in program.body if isinstance(statement, Op))
    ours = run(Program(program.registers, body=body, outputs=(Probabilities((0,)),)), {}, Options(cutoff=7))[0][0]
    text = re.sub(r"(?m)^Measure.*", "", path.read_text("utf-8"))
    theirs = sf.Engine("fock", backend_options={"cutoff_dim": 7}).run(sf.io.loads(text)).state.all_fock_probs()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def teleported(sf: Any, modes: list[int], prepared: list[int], outcomes: list[float] | None) -> Any:
    """The state of the teleportation of the corpora; without outcomes, just before its two detections."""
    program = sf.Program(max(modes) + 1)
    first, second, third = modes

    def apply(operation: Any, *on: int) -> None:
        operation.__or__([program.register[mode] for mode in on])

    with program.context as q:
        for mode in prepared:
            apply(sf.ops.Coherent(0.3423), mode)
        apply(sf.ops.Squeezed(-SQUEEZING), second)
        apply(sf.ops.Squeezed(SQUEEZING), third)
        apply(sf.ops.BSgate(np.pi / 4, 0), second, third)
        apply(sf.ops.BSgate(np.pi / 4, 0), first, second)
        if outcomes is not None:
            apply(sf.ops.MeasureHomodyne(0, select=outcomes[0]), first)
            apply(sf.ops.MeasureHomodyne(np.pi / 2, select=outcomes[1]), second)
            apply(sf.ops.Xgate(np.sqrt(2) * q[first].par), third)
            apply(sf.ops.Zgate(np.sqrt(2) * q[second].par), third)
    return sf.Engine("gaussian").run(program).state


def joint_law(sf: Any, modes: list[int], prepared: list[int]) -> Moments:
    """Means and covariance of both outcomes and of the quadratures of the mode that is moved by them.

    The outcomes have the law of the state before; given them, the mode has a covariance and a mean that is affine in
    them, which three runs with chosen outcomes tell.
    """
    before, size, mode = teleported(sf, modes, prepared, None), max(modes) + 1, modes[2]
    read = [modes[0], size + modes[1]]
    outcome_means, outcome_covariance = before.means()[read], before.cov()[np.ix_(read, read)]
    own = [mode, size + mode]
    runs = [teleported(sf, modes, prepared, outcomes) for outcomes in ([0.0, 0.0], [1.0, 0.0], [0.0, 1.0])]
    start = runs[0].means()[own]
    gain = np.array([state.means()[own] - start for state in runs[1:]]).T
    crossed = gain @ outcome_covariance
    rest = runs[0].cov()[np.ix_(own, own)] + crossed @ gain.T
    covariance = np.block([[outcome_covariance, crossed.T], [crossed, rest]])
    return np.concatenate([outcome_means, start + gain @ outcome_means]), covariance


@pytest.mark.parametrize(
    ("name", "modes", "prepared"),
    [("state_teleportation.xbb", [0, 1, 2], []), ("example_include.xbb", [0, 2, 3], [0, 1])],
)
def test_deferred_detections_have_the_same_outcomes(
    name: str, modes: list[int], prepared: list[int], corpora: Path, sf: Any, tmp_path: Path
) -> None:
    """Catches a result that moves another mode, or by another factor: all outcomes and the moved mode have one law.

    Strawberry Fields detects with squeezing that is finite, so five digits agree.
    """
    path = corpora / "blackbird" / name
    for file in path.parent.glob("*.xbb"):
        (tmp_path / file.name).write_text(file.read_text("utf-8").replace("sq=1", f"sq={SQUEEZING}"), "utf-8")
    program = program_of(tmp_path / name)
    means, covariance = before_detection(program, {p.name: np.asarray(SQUEEZING) for p in program.parameters})
    size = len(program.kinds)
    detected = {s.wire: s for s in program.body if isinstance(s, Measure)}
    assert [detected[mode].detection for mode in modes[:2]] == ["homodyne", "homodyne"]
    assert all(float(detected[mode].angle) == 0 for mode in modes[:2])
    own = [modes[0], modes[1], modes[2], size + modes[2]]
    their_means, their_covariance = joint_law(sf, modes, prepared)
    np.testing.assert_allclose(means[own], their_means, rtol=0, atol=1e-5)
    np.testing.assert_allclose(covariance[np.ix_(own, own)], their_covariance, rtol=0, atol=1e-5)
