"""`qcompile.torch.Layer` where PyTorch's own tools, odd inputs and long lives meet it."""

import weakref
from typing import Any

import numpy as np
import pytest
import torch
from layer_programs import PROGRAMS
from torch import Tensor, nn
from torch_layers import Layer, layer_of, rows_of

import qcompile as qc
from qcompile.layers.held import Held

TORCH: Any = torch
pytestmark = pytest.mark.usefixtures("in_double")


@pytest.mark.parametrize("program", ["shared"], indirect=True)
def test_parametrized_and_replaced_parameters(program: qc.Program) -> None:
    """Would catch a module that looks for its parameters where PyTorch's own tools do not leave them."""
    layer, x = layer_of(program), rows_of(program, 2)
    expected = layer(x)
    weights = layer.w.detach().clone()

    class Doubled(nn.Module):
        def forward(self, w: Tensor) -> Tensor:
            return 2 * w

    TORCH.nn.utils.parametrize.register_parametrization(layer, "w", Doubled(), unsafe=True)
    with torch.no_grad():
        layer.parametrizations.w.original.copy_(weights / 2)
    found = layer(x)
    assert torch.allclose(found, expected, atol=1e-13)
    found.sum().backward()
    assert layer.parametrizations.w.original.grad.abs().max() > 0
    other = layer_of(program)
    del other.w
    other.w = weights
    assert torch.allclose(other(x), expected, atol=1e-13)


def test_an_input_may_be_called_x() -> None:
    """Would catch a name of the program taken for the argument of all inputs."""
    program = qc.parse("qubit q; input x; input y[2]; ry(x + y[0]) q; rx(y[1]) q; return expect(Z[0]);")
    assert isinstance(program, qc.Program)
    layer: Any = Layer(program)
    x, y = torch.tensor([0.1, 0.4]), torch.tensor([[0.2, 0.3], [0.5, 0.6]])
    assert torch.equal(layer(x=x, y=y), layer(torch.cat([x[:, None], y], dim=1)))


@pytest.mark.parametrize("method", ["auto", "backprop"])
@pytest.mark.parametrize("rows", [0, 3])
def test_outputs_that_no_parameter_reaches(method: str, rows: int) -> None:
    """Would catch a batch of nothing to differentiate, and no rows of probabilities."""
    program = qc.parse("qubit q[2]; input a; param w; rx(w*a) q[0]; return expect(Z[1]);")
    assert isinstance(program, qc.Program)
    layer, x = Layer(program, method=method), torch.full((rows, 1), 0.3)
    assert torch.equal(layer(x), torch.ones(rows, 1))
    layer(x).sum().backward()
    assert layer.w.grad is None or layer.w.grad == 0
    of_outcomes = qc.parse("qubit q[2]; input a; rx(a) q[0]; return probs(q);")
    assert isinstance(of_outcomes, qc.Program)
    assert Layer(of_outcomes, method=method)(x).shape == (rows, 4)


def test_slopes_that_nobody_asks_for_may_be_infinite() -> None:
    """Would catch an error about a derivative that is not wanted, and one that is wanted and has no value."""
    program = qc.parse("qubit q; input a; param w; rx(w) q; ry(a**0.5) q; return expect(a**0.5*Z[0]), expect(X[0]);")
    assert isinstance(program, qc.Program)
    layer, x = Layer(program, initial={"w": 0.4}), torch.zeros(2, 1)
    layer(x).sum().backward()
    assert torch.isfinite(layer.w.grad)
    frozen = qc.parse("qubit q; input a; param w; rx(w**0.5) q; ry(a) q; return expect(Z[0]);")
    assert isinstance(frozen, qc.Program)
    held = Layer(frozen, initial={"w": 0.0}).requires_grad_(False)
    at = torch.full((2, 1), 0.3, requires_grad=True)
    held(at).sum().backward()
    assert at.grad is not None
    assert torch.allclose(at.grad, torch.full((2, 1), -np.sin(0.3)), atol=1e-12)
    with pytest.raises(qc.CompileError, match="finite"):
        layer(x.clone().requires_grad_()).sum().backward()


@pytest.mark.parametrize("program", ["shared"], indirect=True)
def test_states_go_with_their_graph(program: qc.Program) -> None:
    """Would catch memory that is held as long as a loss is, where PyTorch lets go of what it saved."""
    layer, x = layer_of(program), rows_of(program, 8)
    kept: list[Any] = []
    whole = Held.at

    def noted(*arguments: Any, **options: Any) -> Held:
        held = whole(*arguments, **options)
        kept.append(weakref.ref(held))
        return held

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Held, "at", noted)
        losses = [layer(x).sum() for _ in range(3)]
    losses[0].backward()
    losses[1].backward(retain_graph=True)
    losses[1].backward()
    assert [held() is None for held in kept] == [True, True, False]


def test_numbers_of_any_kind_are_seeds() -> None:
    """Would catch a seed of NumPy's that is refused, and shots that a seed does not fix."""
    program = qc.parse(PROGRAMS["shared"])
    assert isinstance(program, qc.Program)
    one, other = (Layer(program, seed=seed, shots=20) for seed in (3, np.int64(3)))
    x = torch.tensor([[0.1, 0.2]])
    assert torch.equal(one(x), other(x))
    assert torch.equal(one(x), one(x))


def test_negated_views_are_read_as_they_are() -> None:
    """Would catch imaginary parts of conjugates, which PyTorch keeps as the numbers before."""
    program = qc.parse(PROGRAMS["shared"])
    assert isinstance(program, qc.Program)
    layer = Layer(program, seed=3)
    z = torch.tensor([[0.1 + 0.2j, 0.3 - 0.4j]], dtype=torch.complex128)
    assert torch.equal(layer(torch.imag(z.conj())), layer(-torch.imag(z)))
