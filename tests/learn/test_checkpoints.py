"""A training that goes on from a checkpoint is the one that was never stopped, bit for bit."""

import json
from pathlib import Path
from typing import Any

import pytest
from trained_programs import FED, SIMPLE, h2, program_of

import qcompile as qc
from qcompile.learn import OPTIMIZERS
from qcompile.learn.loss import Loss
from qcompile.targets.clients.qiskit import Statevector

START = {"t": 0.5, "w": [0.3, 0.4]}
WHOLE: dict[str, Any] = {"steps": 9, "rate": 0.05, "initial": START, "seed": 3}


def whole(steps: int) -> dict[str, Any]:
    return WHOLE | {"steps": steps}


BORROWED = ("torch.lbfgs{max_iter=4}", "torch.nadam", "optax.noisy_sgd", "keras.rmsprop")


def cases() -> list[tuple[str, dict[str, Any]]]:
    """Every optimizer of ours and SciPy's, some of the frameworks; exact and, where it takes them, by shots."""
    found: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in (*OPTIMIZERS, *BORROWED)]
    return found + [(name, {"shots": 50}) for name, _ in found if name not in ("newton-cg", "trust-ncg")]


def interrupt_after(points: int, patch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of an evaluation, once so many points were evaluated."""
    values, both, seen = Loss.values, Loss.value_and_gradient, 0

    def count(more: int) -> None:
        nonlocal seen
        seen += more
        if seen > points:
            raise KeyboardInterrupt

    def counted_values(self: Loss, at: Any, *rest: Any) -> Any:
        count(len(at))
        return values(self, at, *rest)

    def counted_both(self: Loss, *rest: Any) -> Any:
        count(1)
        return both(self, *rest)

    patch.setattr(Loss, "values", counted_values)
    patch.setattr(Loss, "value_and_gradient", counted_both)


@pytest.mark.parametrize(("optimizer", "options"), cases(), ids=str)
@pytest.mark.parametrize("cut", ["evaluations", "interrupted"])
def test_it_goes_on_as_if_it_had_never_stopped(
    optimizer: str, options: dict[str, Any], cut: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a moment, a count, a generator or a digit that is lost, and one that an unfinished step changed."""
    whole = qc.train(program_of(SIMPLE), optimizer=optimizer, **WHOLE, **options)
    path = tmp_path / "run.json"

    limit = whole.evaluations * 2 // 3
    with monkeypatch.context() as patch:
        if cut == "interrupted":
            interrupt_after(limit, patch)
        part = qc.train(
            program_of(SIMPLE), optimizer=optimizer, **WHOLE, **options, checkpoint=path, checkpoint_steps=3,
            evaluations=limit if cut == "evaluations" else None,
        )  # fmt: skip
    assert part.stopped == cut
    saved = json.loads(path.read_text())["history"]
    assert 0 < len(saved) < whole.steps
    assert tuple(saved) == whole.history[: len(saved)]
    told: list[int] = []
    rest = qc.train(
        program_of(SIMPLE), optimizer=optimizer, **WHOLE, **options, checkpoint=path, resume=True,
        progress=lambda step, value: told.append(step),
    )  # fmt: skip
    assert rest.history == whole.history
    assert (rest.value, rest.evaluations, rest.stopped) == (whole.value, whole.evaluations, whole.stopped)
    assert all((rest.parameters[name] == whole.parameters[name]).all() for name in whole.parameters)
    assert told == list(range(len(saved) + 1, whole.steps + 1))


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, *BORROWED])
def test_what_was_computed_is_not_computed_again(
    optimizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a replay that asks the engine, or a client that is paid twice."""
    path = tmp_path / "run.json"
    first = qc.train(program_of(SIMPLE), optimizer=optimizer, checkpoint=path, **whole(2))

    def refuse(*_: object) -> None:
        raise AssertionError("computed again")

    for name in ("values", "value_and_gradient", "product", "natural"):
        monkeypatch.setattr(Loss, name, refuse)
    with pytest.raises(AssertionError, match="computed again"):
        qc.train(program_of(SIMPLE), optimizer=optimizer, checkpoint=path, resume=True, **WHOLE)
    assert json.loads(path.read_text())["history"] == list(first.history)


def test_mini_batches_go_on_in_their_order(tmp_path: Path) -> None:
    """Would catch an order that is drawn anew."""
    options: dict[str, Any] = {"inputs": {"x": [0.1, 0.5, -0.3, 0.9, 1.4]}, "batch_size": 2, "seed": 4}
    path = tmp_path / "run.json"
    whole = qc.train(program_of(FED), 11, **options)
    qc.train(program_of(FED), 4, **options, checkpoint=path)
    rest = qc.train(program_of(FED), 11, **options, checkpoint=path, resume=True)
    assert (rest.history, rest.value) == (whole.history, whole.value)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"optimizer": "sgd"}, "optimizer: adam there, sgd here"),
        ({"optimizer": "torch.sgd{momentum=0.9,dampening=0.1}"}, "torch.sgd{dampening=0.1,momentum=0.9} here"),
        ({"on": "qiskit"}, "client: None there, qiskit here"),
        ({"on": Statevector()}, "client: None there, Statevector of Qiskit here"),
        ({"rate": 0.2}, "rate: 0.05 there, 0.2 here"),
        ({"seed": 5}, "seed: 3 there, 5 here"),
        ({"initial": {"t": 0.1}}, "start"),
        ({"shots": 10}, "shots: None there, 10 here"),
        ({"method": "shift"}, "method: auto there, shift here"),
        ({"tolerance": 1e-3}, "tolerance"),
        ({"cutoff": 5}, "cutoff"),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
def test_a_checkpoint_of_another_training_is_refused(changed: dict[str, Any], named: str, tmp_path: Path) -> None:
    """Would catch a history that two trainings made."""
    path = tmp_path / "run.json"
    qc.train(program_of(SIMPLE), **WHOLE, checkpoint=path)
    before = path.read_text()
    with pytest.raises(qc.CompileError, match=named) as fault:
        qc.train(program_of(SIMPLE), **{**WHOLE, **changed}, checkpoint=path, resume=True)
    assert fault.value.diagnostics[0].code is qc.Code.CHECKPOINT
    assert path.read_text() == before


def test_a_checkpoint_of_another_program_is_refused(tmp_path: Path) -> None:
    """Would catch parameters of one program taken for those of another: a sign is enough."""
    path = tmp_path / "run.json"
    qc.train(program_of(SIMPLE), **WHOLE, checkpoint=path)
    with pytest.raises(qc.CompileError, match="of another program") as fault:
        qc.train(program_of(SIMPLE.replace("+ Z[1]", "- Z[1]")), **WHOLE, checkpoint=path, resume=True)
    assert fault.value.diagnostics[0].code is qc.Code.CHECKPOINT


@pytest.mark.parametrize("inputs", [{"x": [0.1, 0.2]}, {"x": 0.1}])
def test_a_checkpoint_of_other_inputs_is_refused(inputs: dict[str, Any], tmp_path: Path) -> None:
    """Would catch a loss that changes on the way."""
    path = tmp_path / "run.json"
    qc.train(program_of(FED), 3, inputs={"x": [0.1, 0.3]}, checkpoint=path)
    with pytest.raises(qc.CompileError, match="of another inputs"):
        qc.train(program_of(FED), 3, inputs=inputs, checkpoint=path, resume=True)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "qcompile-bundle"}', "7"])
def test_a_file_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    """Would catch a traceback."""
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(qc.CompileError) as fault:
        qc.train(program_of(SIMPLE), checkpoint=path, resume=True)
    assert fault.value.diagnostics[0].code is qc.Code.CHECKPOINT


def test_a_missing_or_newer_checkpoint_is_refused(tmp_path: Path) -> None:
    """Would catch a training that starts anew where one was to go on."""
    path = tmp_path / "run.json"
    with pytest.raises(qc.CompileError) as fault:
        qc.train(program_of(SIMPLE), checkpoint=path, resume=True)
    assert fault.value.diagnostics[0].code is qc.Code.UNREADABLE
    qc.train(program_of(SIMPLE), 2, checkpoint=path)
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(qc.CompileError, match="version 2"):
        qc.train(program_of(SIMPLE), 2, checkpoint=path, resume=True)


def test_another_path_of_the_optimizer_is_seen(tmp_path: Path) -> None:
    """Would catch a replay that no longer fits, as with another version of SciPy: an answer is changed."""
    path = tmp_path / "run.json"
    qc.train(program_of(SIMPLE), **whole(4), optimizer="lbfgs", checkpoint=path)
    record = json.loads(path.read_text())
    record["history"][2] += 0.1
    path.write_text(json.dumps(record))
    with pytest.raises(qc.CompileError, match="another way") as fault:
        qc.train(program_of(SIMPLE), **WHOLE, optimizer="lbfgs", checkpoint=path, resume=True)
    assert fault.value.diagnostics[0].code is qc.Code.CHECKPOINT


@pytest.mark.parametrize(("optimizer", "kept"), [("optax.adam", "leaves"), ("keras.adam", "variables")])
def test_a_state_of_another_form_is_refused(optimizer: str, kept: str, tmp_path: Path) -> None:
    """Would catch a traceback where a version of the framework keeps something else."""
    path = tmp_path / "run.json"
    qc.train(program_of(SIMPLE), **whole(4), optimizer=optimizer, checkpoint=path)
    record = json.loads(path.read_text())
    del record["optimizer"][kept][-1]
    path.write_text(json.dumps(record))
    with pytest.raises(qc.CompileError, match="none that the optimizer has") as fault:
        qc.train(program_of(SIMPLE), **WHOLE, optimizer=optimizer, checkpoint=path, resume=True)
    assert fault.value.diagnostics[0].code is qc.Code.CHECKPOINT


def test_it_is_written_as_often_as_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a checkpoint that is only written at the end, or at every step."""
    from qcompile.learn.checkpoint import Checkpoint

    written: list[int] = []
    write = Checkpoint.write

    def counted(self: Checkpoint, state: dict[str, Any]) -> None:
        written.append(len(state["history"]))
        write(self, state)

    monkeypatch.setattr(Checkpoint, "write", counted)
    qc.train(h2(), 8, checkpoint=tmp_path / "a.json", checkpoint_steps=3)
    assert written == [3, 6, 8]
    written.clear()
    qc.train(h2(), 4, checkpoint=tmp_path / "b.json", checkpoint_seconds=1e-9)
    assert written == [1, 2, 3, 4, 4]


def test_a_finished_training_stays_finished(tmp_path: Path) -> None:
    """Would catch a minimum that is left again, or a step that is told twice."""
    path = tmp_path / "run.json"
    first = qc.train(h2(), 300, checkpoint=path)
    again = qc.train(h2(), 300, checkpoint=path, resume=True)
    assert (again.history, again.stopped) == (first.history, first.stopped)


def test_nothing_is_left_of_a_write_that_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a checkpoint that is half written when the power fails: the one before is whole."""
    path = tmp_path / "run.json"
    qc.train(h2(), 3, checkpoint=path)
    before = path.read_text()

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        qc.train(h2(), 3, checkpoint=path)
    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]
