"""Values of parameters: what is taken, and what each unusable one is answered with."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from qcompile.angle import Element
from qcompile.diagnostics import Code, CompileError
from qcompile.ir import Parameter
from qcompile.targets.simulator import bind, has_batch

PARAMETERS = (Parameter("theta"), Parameter("w", 2), Parameter("s", 2, "slot"))


def codes(values: dict[str, ArrayLike]) -> list[Code]:
    with pytest.raises(CompileError) as caught:
        bind(PARAMETERS, values)
    return [diagnostic.code for diagnostic in caught.value.diagnostics]


def test_every_element_gets_the_batch() -> None:
    """Would catch rows of an array taken for its entries, or a scalar that is not repeated over the batch."""
    bound = bind(PARAMETERS, {"theta": 0.5, "w": [[1, 2], [3, 4], [5, 6]]})
    assert bound.batch == 3
    assert bound.elements[Element("theta")].tolist() == [0.5] * 3
    assert bound.elements[Element("w", 1)].tolist() == [2.0, 4.0, 6.0]
    assert bound.elements[Element("s", 0)].tolist() == [0.0] * 3


def test_a_batch_is_told_from_a_single_setting() -> None:
    """Would catch an array parameter's own axis taken for the batch."""
    assert not has_batch(PARAMETERS, {"theta": 0.5, "w": [1, 2]})
    assert has_batch(PARAMETERS, {"theta": [0.5], "w": [1, 2]})


def test_an_unbound_parameter_is_named_with_the_way_to_set_it() -> None:
    """Would catch a KeyError, or a message that leaves the user to guess."""
    with pytest.raises(CompileError) as caught:
        bind(PARAMETERS, {"theta": 1.0})
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == Code.UNBOUND
    assert "`w`" in diagnostic.label
    assert "--set w=0.1,0.1" in diagnostic.help


@pytest.mark.parametrize(
    "bad",
    [
        {"theta": float("nan")},
        {"theta": np.inf},
        {"theta": 1j},
        {"theta": "0.1"},
        {"theta": None},
        {"theta": [[0.1]]},
        {"theta": []},
        {"w": [1.0, 2.0, 3.0]},
        {"w": 1.0},
        {"w": [[1.0, 2.0], [3.0]]},
        {"theta": [1.0, 2.0], "w": [[1.0, 2.0]] * 3},
    ],
)
def test_unusable_values_are_refused(bad: dict[str, ArrayLike]) -> None:
    """Would catch a value that is broadcast, cut or cast in silence."""
    assert codes({"theta": 0.1, "w": [1.0, 2.0], **bad}) == [Code.BAD_VALUE]


def test_a_misspelt_name_gets_a_suggestion() -> None:
    """Would catch a value that is set for no parameter and ignored."""
    with pytest.raises(CompileError) as caught:
        bind(PARAMETERS, {"thetta": 1.0, "theta": 1.0, "w": [1, 2]})
    assert caught.value.diagnostics[0].help == "did you mean `theta`?"


def test_several_faults_come_together() -> None:
    """Would catch a run that stops at its first fault."""
    assert codes({"theta": 1j}) == [Code.BAD_VALUE, Code.UNBOUND]
