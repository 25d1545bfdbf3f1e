"""`qcompile.torch.Layer` under the transforms of torch.func, held against loops and against Hessians by shifts."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from layer_calls import Count, arguments_of, rows_of
from layer_programs import PROGRAMS
from torch import Tensor
from torch.autograd import forward_ad

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.entries import named
from qcompile.layers.evaluator import Evaluator

func: Any = torch.func
FORWARD: Any = forward_ad
FED = pytest.mark.parametrize("program", ["shared", "bent", "several", "noisy", "gaussian"], indirect=True)
SOME = pytest.mark.parametrize("program", ["shared", "several"], indirect=True)
WITH_SECOND = pytest.mark.parametrize("program", ["shared", "bent"], indirect=True)
pytestmark = [
    pytest.mark.usefixtures("in_double"),
    pytest.mark.filterwarnings("ignore::qcompile.LeakageWarning"),
    pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated"),  # by PyTorch itself, in forward mode
]


def function_of(program: qc.Program) -> tuple[Callable[[Any, Tensor], Tensor], dict[str, Tensor], Tensor]:
    """A layer as a function of its parameters and one row or more, and where to call it: with three rows."""
    layer = qc.torch.Layer(program, seed=3)
    values, inputs = arguments_of(program, (3,))
    given, start = dict[str, Tensor](), 0
    for name, parameter in layer.named_parameters():
        stop = start + parameter.numel()
        given[name] = torch.tensor(values[start:stop]).reshape(parameter.shape)
        start = stop

    def function(parameters: Any, x: Tensor) -> Tensor:
        found: Tensor = func.functional_call(layer, parameters, (x,))
        return found

    return function, given, torch.tensor(inputs)


def total(function: Callable[[Any, Tensor], Tensor]) -> Callable[[Any, Tensor], Tensor]:
    return lambda parameters, x: (function(parameters, x) ** 2).sum()


@FED
def test_mapped_over_rows_parameters_and_both(program: qc.Program) -> None:
    """Would catch an axis that lands elsewhere, and weights taken for shared that are not."""
    function, parameters, x = function_of(program)
    several = {name: torch.stack([value, 0.5 * value, -value]) for name, value in parameters.items()}
    ones = [{name: value[k] for name, value in several.items()} for k in range(3)]
    rows = function(parameters, x)
    assert torch.allclose(func.vmap(function, (None, 0))(parameters, x), rows, atol=1e-13)
    assert torch.allclose(func.vmap(function, (None, 1), 1)(parameters, x.T), rows.T, atol=1e-13)
    each = func.vmap(function)(several, x)
    assert torch.allclose(each, torch.stack([function(p, row) for p, row in zip(ones, x, strict=True)]), atol=1e-13)
    models = func.vmap(function, (0, None))(several, x)
    assert torch.allclose(models, torch.stack([function(p, x) for p in ones]), atol=1e-13)


@FED
def test_gradients_of_each_row(program: qc.Program) -> None:
    """Would catch per-sample gradients that are summed over the samples."""
    function, parameters, x = function_of(program)
    found = func.vmap(func.grad(total(function), (0, 1)), (None, 0))(parameters, x)
    for k, row in enumerate(x):
        slopes, by_row = func.grad(total(function), (0, 1))(parameters, row)
        assert torch.allclose(found[1][k], by_row, atol=1e-12)
        leaves = {name: value.clone().requires_grad_() for name, value in parameters.items()}
        plain = torch.autograd.grad(total(function)(leaves, row), list(leaves.values()))
        for (name, slope), expected in zip(slopes.items(), plain, strict=True):
            assert torch.allclose(slope, expected, atol=1e-12)
            assert torch.allclose(found[0][name][k], expected, atol=1e-12)


@FED
def test_both_modes_give_the_jacobian(program: qc.Program) -> None:
    """Would catch tangents that are dropped, or of another argument."""
    function, parameters, x = function_of(program)
    back = func.jacrev(function, (0, 1))(parameters, x)
    ahead = func.jacfwd(function, (0, 1))(parameters, x)
    assert torch.allclose(ahead[1], back[1], atol=1e-11)
    for name in parameters:
        assert torch.allclose(ahead[0][name], back[0][name], atol=1e-11)


@FED
def test_dual_numbers_carry_tangents(program: qc.Program) -> None:
    """Would catch a tangent lost without a word where nothing requires a gradient."""
    function, parameters, x = function_of(program)
    expected = torch.stack([func.jacrev(function, 1)(parameters, row).sum(-1) for row in x])
    with FORWARD.dual_level():
        dual = FORWARD.make_dual(x, torch.ones_like(x))
        tangent = FORWARD.unpack_dual(function(parameters, dual)).tangent
    assert torch.allclose(tangent, expected, atol=1e-12)


@WITH_SECOND
@pytest.mark.parametrize("outer", ["jacfwd", "jacrev"])
@pytest.mark.parametrize("inner", ["jacfwd", "jacrev"])
def test_hessians_in_every_order_of_modes(program: qc.Program, inner: str, outer: str) -> None:
    """Would catch a rule that holds in one mode alone; shifts twice share no mathematics with the adjoint's tangent."""
    function, parameters, x = function_of(program)

    def of_weights(w: Tensor, row: Tensor) -> Tensor:
        return function({**parameters, "w": w}, row)[0]

    twice = getattr(func, outer)(getattr(func, inner)(of_weights))
    found = func.vmap(twice, (None, 0))(parameters["w"], x)
    joined = torch.cat([value.reshape(-1) for value in parameters.values()])
    values = named(program.parameters, rows_of(Evaluator.of(program), joined.numpy(), x.numpy()))
    assert np.allclose(found.numpy(), qc.hessian(program, "w")(**values), atol=1e-11)


@FED
def test_second_derivatives_by_both_arguments(program: qc.Program) -> None:
    """Would catch mixed derivatives of weights and inputs that are lost: reverse over reverse is the plain way."""
    function, parameters, x = function_of(program)

    def slopes(w: Any, row: Tensor) -> Any:
        return func.grad(total(function), (0, 1))(w, row)

    ahead = func.jacfwd(slopes, (0, 1))(parameters, x[0])
    back = func.jacrev(slopes, (0, 1))(parameters, x[0])
    for one, other in zip(leaves_of(ahead), leaves_of(back), strict=True):
        assert torch.allclose(one, other, atol=1e-10)


def leaves_of(tree: Any) -> list[Tensor]:
    pytree: Any = importlib.import_module("torch.utils._pytree")
    found: list[Tensor] = pytree.tree_leaves(tree)
    return found


@SOME
def test_a_mapped_gradient_is_two_calls_of_all_rows(program: qc.Program, count: Count) -> None:
    """Would catch a call of the engine for each row."""
    function, parameters, x = function_of(program)
    func.vmap(func.grad(total(function)), (None, 0))(parameters, x)
    assert [rows for _, rows in count.calls] == [3] * len(count.calls)
    assert len(count.calls) <= 2


@WITH_SECOND
def test_a_third_derivative_is_refused(program: qc.Program) -> None:
    """Would catch a third derivative of zero."""
    function, parameters, x = function_of(program)

    def of_weights(w: Tensor) -> Tensor:
        return function({**parameters, "w": w}, x[0])[0]

    third = func.jacfwd(func.hessian(of_weights))
    with pytest.raises(qc.CompileError, match="no third derivative") as caught:
        third(parameters["w"])
    assert caught.value.diagnostics[0].code is Code.METHOD


def test_what_records_operations_is_refused() -> None:
    """Would catch numbers baked into a graph without a word."""
    program = qc.parse(PROGRAMS["shared"])
    assert isinstance(program, qc.Program)
    layer = qc.torch.Layer(program, seed=3)
    x = torch.tensor([[0.1, 0.2]])
    make_fx: Any = importlib.import_module("torch.fx.experimental.proxy_tensor").make_fx
    with pytest.raises(qc.CompileError, match="traces operations"):
        func.linearize(layer, x)
    with pytest.raises(qc.CompileError, match="traces operations"):
        make_fx(layer)(x)


@SOME
def test_gradients_that_are_mapped_afterwards(program: qc.Program) -> None:
    """Would catch a backward call that cannot be mapped, or that loses the tangent of its cotangents."""
    layer = qc.torch.Layer(program, seed=3)
    _, _, x = function_of(program)
    x.requires_grad_()
    y = layer(x)

    def pulled(c: Tensor) -> Tensor:
        (slope,) = torch.autograd.grad(y, x, c, retain_graph=True)
        return slope

    each = torch.eye(y.numel()).reshape(-1, *y.shape)
    expected = torch.stack([pulled(c) for c in each])
    assert torch.allclose(func.vmap(pulled)(each), expected, atol=1e-12)
    with FORWARD.dual_level():
        moved = FORWARD.unpack_dual(pulled(FORWARD.make_dual(torch.ones_like(y), torch.ones_like(y)))).tangent
    assert torch.allclose(moved, expected.sum(dim=0), atol=1e-12)
    with pytest.raises(qc.CompileError, match="several gradients at once"):
        torch.autograd.grad(y, x, each, is_grads_batched=True)


def test_shots_belong_to_their_forward_call(count: Count) -> None:
    """Would catch a gradient of other shots than its values', and circuits that are run again for it."""
    program = qc.parse(PROGRAMS["shared"])
    assert isinstance(program, qc.Program)
    layer = qc.torch.Layer(program, seed=torch.Generator(), shots=100_000)
    x = torch.tensor([[0.1, 0.2], [0.5, -0.2]])
    parameters = {name: value.detach() for name, value in layer.named_parameters()}

    def function(w: Any) -> Tensor:
        found: Tensor = func.functional_call(layer, w, (x,))
        return found

    runs = [func.vjp(function, parameters) for _ in range(2)]
    first = [pull(torch.ones(2, 1))[0]["w"] for _, pull in runs]
    again = [pull(torch.ones(2, 1))[0]["w"] for _, pull in runs]
    assert count.calls == 2 * [("values_and_jacobian", 2)]
    assert torch.equal(torch.stack(first), torch.stack(again))
    assert not torch.allclose(first[0], first[1])
    count.calls.clear()

    def of_row(row: Tensor, w: Any) -> Tensor:
        found: Tensor = func.functional_call(layer, w, (row,)).sum()
        return found

    func.vmap(func.grad(of_row, 1), (0, None))(x, parameters)
    y = layer(x).sum()
    torch.autograd.grad(y, list(layer.parameters()), create_graph=True)
    assert count.calls == 2 * [("values_and_jacobian", 2)]
