"""Pipelines as text, statistics, hooks, and the faults they report."""

from typing import ClassVar

import pytest

from qcompile.diagnostics import Code, CompileError
from qcompile.grammar import parse, to_text
from qcompile.ir import Module, Op, Program
from qcompile.passes import (
    PASSES,
    CancelInverses,
    Legalize,
    MergeRotations,
    Optimize,
    Pass,
    Pipeline,
    lowering,
    pass_text,
    pipeline,
)
from qcompile.passes.rewrite import map_ops

TEXTS = [
    "",
    "cancel-inverses,merge-rotations,legalize{target=quil}",
    "optimize{level=3}",
    "cancel-inverses{reach=7},inline",
]


def program(text: str) -> Program:
    module = parse(text)
    assert isinstance(module, Program)
    return module


class Lossy:
    """Breaks the program: puts every op on one wire twice."""

    name: ClassVar[str] = "lossy"

    def __call__(self, module: Module) -> Module:
        return map_ops(module, lambda op, _: (Op(op.gate, (0,) * len(op.wires), op.angles),))


@pytest.mark.parametrize("text", TEXTS)
def test_text_round_trip(text: str) -> None:
    """Would catch an option that is not printed or not read."""
    assert str(pipeline(text)) == text
    assert pipeline(str(pipeline(text))) == pipeline(text)


def test_options_are_read_and_defaults_left_out() -> None:
    """Would catch an option of the wrong type, or one that is dropped."""
    assert pipeline(" legalize { target = quil } , optimize{level=1}").passes == (Legalize("quil"), Optimize(1))
    assert pass_text(CancelInverses()) == "cancel-inverses"
    assert pass_text(lowering("quil")) == "optimize,legalize{target=quil},optimize,legalize{target=quil}"


def test_every_pass_is_named_and_frozen() -> None:
    """Would catch a pass that is missing from the table, or that keeps state."""
    for name, made in PASSES.items():
        step = made()
        assert isinstance(step, Pass)
        assert step.name == name
        assert pipeline(name).passes == (step,)
        assert hash(step) == hash(made())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cancel-inverse", "did you mean `cancel-inverses`?"),
        ("legalize{targt=quil}", "did you mean `target`?"),
        ("optimize{level=high}", "the default is 2"),
        ("inline;light-cone", "write `name{option=value},name`"),
        ("inline{", "write `name{option=value},name`"),
    ],
)
def test_faults_in_the_text(text: str, says: str) -> None:
    """Would catch a mistyped pass or option that is silently ignored."""
    with pytest.raises(CompileError) as fault:
        pipeline(text)
    (diagnostic,) = fault.value.diagnostics
    assert diagnostic.code is Code.UNKNOWN_OPTION
    assert diagnostic.help == says


@pytest.mark.parametrize("step", [Legalize("quill"), Optimize(4), Optimize(-1)], ids=repr)
def test_faults_in_values(step: Pass) -> None:
    """Would catch a target or level that is taken for another."""
    with pytest.raises(CompileError) as fault:
        step(program("qubit q; x q;"))
    assert fault.value.diagnostics[0].code is Code.UNKNOWN_OPTION


def test_statistics_and_hook() -> None:
    """Would catch counts of the wrong module, or a hook that runs before its pass."""
    seen: list[tuple[str, str]] = []
    steps = Pipeline(
        (CancelInverses(), MergeRotations()), after_each=lambda step, module: seen.append((step.name, to_text(module)))
    )
    result, statistics = steps.run(program("qubit q; x q; x q; rz(0.5) q; rz(0.25) q;"))
    assert [(s.name, s.before, s.after) for s in statistics] == [("cancel-inverses", 4, 2), ("merge-rotations", 2, 1)]
    assert [name for name, _ in seen] == ["cancel-inverses", "merge-rotations"]
    assert seen[-1][1] == to_text(result)


def test_verify_each_names_the_pass() -> None:
    """Would catch a broken module that passes on unnoticed."""
    with pytest.raises(AssertionError, match="lossy"):
        Pipeline((Lossy(),), verify_each=True)(program("qubit q[2]; cx q[0], q[1];"))


def test_every_unsayable_op_is_reported() -> None:
    """Would catch a report that stops at the first fault, or points nowhere."""
    mixed = program("qubit q; qumode m; kerr(0.1) m; x q; rotate(0.2) m;")
    with pytest.raises(CompileError) as fault:
        Legalize("quil")(mixed)
    found = fault.value.diagnostics
    assert [d.code for d in found] == [Code.UNSAYABLE] * 2
    assert [d.help for d in found] == ["emit to blackbird"] * 2
    assert all(d.span is not None for d in found)


def test_too_many_controls_are_refused() -> None:
    """Would catch a decomposition that takes all memory."""
    wires = ", ".join(f"q[{k}]" for k in range(31))
    with pytest.raises(CompileError) as fault:
        Legalize("quil")(program(f"qubit q[31]; ctrl(30) @ rx(0.1) {wires};"))
    assert fault.value.diagnostics[0].code is Code.UNSAYABLE
