"""`qcompile.torch.Layer`: held against calls by name, by PyTorch's own checkers, and used as modules are used."""

import copy
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from layer_calls import Count
from layer_programs import PROGRAMS, TWICE
from torch import Tensor, nn
from torch.autograd import gradcheck, gradgradcheck
from torch.func import functional_call
from torch.utils.data import DataLoader
from torch_layers import Layer, fed_of, layer_of, rows_of
from torch_rows import Mapped

import qcompile as qc
from qcompile.diagnostics import Code
from qcompile.layers.arguments import start_values
from qcompile.layers.held import Held

ALL = pytest.mark.parametrize("program", PROGRAMS, indirect=True)
FED = pytest.mark.parametrize("program", ["several"], indirect=True)
pytestmark = [pytest.mark.filterwarnings("ignore::qcompile.LeakageWarning"), pytest.mark.usefixtures("in_double")]
TORCH: Any = torch
CHECKS: dict[str, Any] = {"eps": 1e-5, "atol": 1e-6, "rtol": 1e-5}


def called(layer: Any, x: Tensor, parameters: Mapping[str, Tensor]) -> Tensor:
    found: Tensor = functional_call(layer, dict(parameters), (x,) if x.shape[-1] else ())
    return found


def function_of(layer: Any) -> Callable[..., Tensor]:
    """Of x and the parameters in order."""
    names = [name for name, _ in layer.named_parameters()]

    def function(x: Tensor, *values: Tensor) -> Tensor:
        return called(layer, x, dict(zip(names, values, strict=True)))

    return function


def numbers_of(layer: Any) -> dict[str, Any]:
    return {name: value.detach().numpy() for name, value in layer.named_parameters()}


@ALL
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 0), (2, 9)])
def test_any_leading_shape(program: qc.Program, shape: tuple[int, ...]) -> None:
    """Would catch rows or outputs out of order, and a shape that comes back as another."""
    layer, x = layer_of(program), rows_of(program, *shape)
    found = layer(x) if fed_of(program) else layer()
    rows = x.detach().reshape(x.shape[:-1].numel(), fed_of(program)) if fed_of(program) else torch.zeros(1, 0)
    names = [(p.name, p.size) for p in program.parameters if p.role == "input"]
    assert found.shape[:-1] == (shape if names else ())
    flat = found.detach().reshape(len(rows), found.shape[-1])
    for row, values in zip(rows.numpy(), flat.numpy(), strict=True):
        parts = np.split(row, np.cumsum([size or 1 for _, size in names])[:-1]) if names else []
        fed = {name: part if size else part[0] for (name, size), part in zip(names, parts, strict=True)}
        expected = qc.simulate(program)(**numbers_of(layer), **fed)
        assert np.allclose(values, np.hstack(expected if len(program.outputs) > 1 else [expected]), atol=1e-12)


@pytest.mark.parametrize("program", ["shared", "bent", "noisy"], indirect=True)
@pytest.mark.parametrize("batch", [1, 9])
def test_gradients_are_those_by_name(program: qc.Program, batch: int) -> None:
    """Would catch a gradient summed over rows twice or not at all, or that of another parameter."""
    layer, x = layer_of(program), rows_of(program, batch)
    weights = torch.tensor(np.random.default_rng(1).normal(size=(batch, 1)))
    (weights * layer(x)).sum().backward()
    assert x.grad is not None
    fed = program.parameters[-1]
    given = x.detach().numpy() if fed.size else x.detach().numpy()[:, 0]
    names = [p.name for p in program.parameters]
    _, slopes = qc.value_and_grad(program, wrt=names)(**numbers_of(layer), **{fed.name: given})
    by_row = slopes[fed.name].reshape(batch, -1) * weights.numpy()
    assert np.allclose(x.grad.numpy(), by_row, atol=1e-12)
    for name, parameter in layer.named_parameters():
        assert parameter.grad is not None
        expected = np.tensordot(weights.numpy()[:, 0], slopes[name], 1)
        assert np.allclose(parameter.grad.numpy(), expected, atol=1e-12)


@ALL
def test_pytorch_finds_the_first_order_right(program: qc.Program) -> None:
    """Would catch a derivative that is not that of the values: shared, scaled, bent, of several outputs, of light."""
    layer, x = layer_of(program), rows_of(program, 3)
    if fed_of(program) or list(layer.parameters()):
        assert gradcheck(function_of(layer), (x, *layer.parameters()), **CHECKS)


@pytest.mark.parametrize("program", [name for name in TWICE if name != "bare"], indirect=True)
@pytest.mark.parametrize("batch", [1, 3])
def test_pytorch_finds_the_second_order_right(program: qc.Program, batch: int) -> None:
    """Would catch a backward call that is not differentiable, or wrongly, in x or in the cotangents."""
    layer, x = layer_of(program), rows_of(program, batch)
    assert gradgradcheck(function_of(layer), (x, *layer.parameters()), **CHECKS)


@pytest.mark.parametrize("program", ["cut"], indirect=True)
def test_light_without_a_shift_rule_has_no_second_order(program: qc.Program) -> None:
    """Would catch zeros, or a guess, for second derivatives that nothing here computes."""
    layer, x = layer_of(program), rows_of(program, 2)
    slope: Any = torch.autograd.grad(layer(x).sum(), x, create_graph=True)[0]
    with pytest.raises(qc.CompileError) as caught:
        slope.sum().backward()
    assert caught.value.diagnostics[0].code is Code.NO_RULE


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("shared", ["kept", "pulled"]),
        ("several", ["kept", "pulled"]),
        ("bent", ["kept", "pulled"]),
        ("noisy", ["values_and_jacobian"]),
        ("cut", ["values", "pullback"]),
        ("photons", ["values", "pullback"]),
    ],
    indirect=["program"],
)
def test_each_way_is_one_call(program: qc.Program, expected: list[str], count: Count) -> None:
    """Would catch a forward call for each row, or a backward call that runs forward again."""
    layer_of(program)(rows_of(program, 7)).sum().backward()
    assert count.calls == [(name, 7) for name in expected]


def test_a_call_without_gradients_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch inference that pays for a gradient."""
    program = qc.parse(PROGRAMS["shared"])
    assert isinstance(program, qc.Program)
    layer = layer_of(program)
    monkeypatch.delattr(Held, "at")
    with torch.no_grad():
        assert layer(rows_of(program, 2)).shape == (2, 1)


@pytest.mark.parametrize("program", ["shared", "several"], indirect=True)
def test_what_is_not_wanted_gets_no_gradient(program: qc.Program) -> None:
    """Would catch data that need no gradient changing that of the parameters, and frozen parameters that get one."""
    layer, x = layer_of(program), rows_of(program, 5)
    layer(x).square().sum().backward()
    whole = layer.w.grad
    layer.zero_grad()
    layer(x.detach()).square().sum().backward()
    assert torch.allclose(layer.w.grad, whole, atol=1e-12)
    layer.zero_grad()
    x.grad = None
    layer.requires_grad_(False)
    layer(x).square().sum().backward()
    assert layer.w.grad is None
    assert x.grad is not None


@pytest.mark.parametrize("program", ["shared"], indirect=True)
def test_a_graph_is_walked_back_twice(program: qc.Program) -> None:
    """Would catch states that the first backward call used up, or that the next forward call writes over."""
    layer, x = layer_of(program), rows_of(program, 20)
    loss = layer(x).sum()
    other = layer(2 * x).sum()
    first = torch.autograd.grad(loss, list(layer.parameters()), retain_graph=True)
    layer(3 * x).sum().backward()
    second = torch.autograd.grad(loss, list(layer.parameters()))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not torch.equal(torch.autograd.grad(other, list(layer.parameters()))[0], first[0])


def test_inputs_by_name_are_broadcast() -> None:
    """Would catch leading axes that are not NumPy's, or inputs put one behind the other in another order."""
    program = qc.parse(
        PROGRAMS["shared"].replace("input a[2];", "input a[2]; input b;").replace("rx(w[1]) q[2]", "rx(b) q[2]")
    )
    assert isinstance(program, qc.Program)
    layer = layer_of(program)
    a, b = torch.rand(4, 1, 2), torch.rand(5)
    found = layer(a=a, b=b)
    assert found.shape == (4, 5, 1)
    assert torch.allclose(found[2, 3], layer(torch.cat([a[2, 0], b[3:4]])), atol=1e-14)


@FED
def test_outputs_have_names(program: qc.Program) -> None:
    """Would catch columns of another output."""
    layer = layer_of(program)
    names = ["expect(Z[0])", "var((a[0])*X[0] + Z[1])", "probs(q[2], q[0])", "cov(Z[0], Z[1])", "expect((w[0])*Y[1])"]
    assert list(layer.outputs) == names
    assert layer(rows_of(program, 2))[:, layer.outputs["probs(q[2], q[0])"]].sum(1).tolist() == pytest.approx([1, 1])
    assert "2 fed -> expect(Z[0])" in repr(layer)


@FED
def test_float32_parameters_compute_in_double(program: qc.Program) -> None:
    """Would catch results in another type than the parameters', and rounding within the computation."""
    exact = layer_of(program)
    layer = copy.deepcopy(exact).to(torch.float32)
    x = rows_of(program, 3)
    found = layer(x.detach().to(torch.float32))
    assert found.dtype == torch.float32
    assert torch.allclose(found.double(), exact(x), atol=1e-6)
    found.sum().backward()
    assert layer.w.grad.dtype == torch.float32
    assert layer.half()(x).dtype == torch.float16
    assert layer.to("meta").w.device.type == "meta"


@FED
def test_a_module_is_kept_in_its_state(program: qc.Program) -> None:
    """Would catch parameters under other names, or that come back changed."""
    layer, other = layer_of(program), Layer(program, seed=9)
    assert list(layer.state_dict()) == ["w"]
    x = rows_of(program, 2)
    assert not torch.equal(layer(x), other(x))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(layer(x), other(x))


@ALL
def test_copies_and_pickles_are_equal(program: qc.Program) -> None:
    """Would catch a compiled program in a pickle, and settings that a copy lacks."""
    layer, x = layer_of(program, threads=1), rows_of(program, 2)
    given = (x,) if fed_of(program) else ()
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(other(*given), layer(*given))
        assert repr(other) == repr(layer)
        assert all(a is not b for a, b in zip(other.parameters(), layer.parameters(), strict=True))
        assert other._settings == layer._settings


@pytest.mark.parametrize("program", ["shared"], indirect=True)
def test_spawned_workers_run_it(program: qc.Program) -> None:
    """Would catch a layer that does not reach the workers of a data loader."""
    layer, rows = layer_of(program), rows_of(program, 4).detach()
    loader: Any = DataLoader(Mapped(rows, layer), batch_size=2, num_workers=1, multiprocessing_context="spawn")
    with torch.no_grad():
        assert torch.allclose(torch.cat(list(loader)), layer(rows), atol=1e-14)


@pytest.mark.parametrize("program", ["shared"], indirect=True)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The .grad attribute:UserWarning")  # of its own
def test_torch_compile_breaks_its_graph_at_the_layer_alone(program: qc.Program) -> None:
    """Would catch a compiler that walks into our code, or gives other gradients."""
    dynamo: Any = __import__("torch._dynamo", fromlist=["explain"])
    layer = layer_of(program)
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), layer, nn.Linear(1, 1))
    x = torch.rand(5, 3)
    assert dynamo.explain(model)(x).graph_break_count <= 1
    compiled: Any = TORCH.compile(model, backend="aot_eager")
    expected = torch.autograd.grad(model(x).sum(), list(model.parameters()))
    found = torch.autograd.grad(compiled(x).sum(), list(model.parameters()))
    assert torch.allclose(compiled(x), model(x), atol=1e-14)
    assert all(torch.allclose(a, b, atol=1e-14) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("program", ["shared", "gaussian"], indirect=True)
def test_where_it_starts(program: qc.Program) -> None:
    """Would catch start values that a seed does not fix, that no other framework shares, or that are too wide."""
    first, second = Layer(program, seed=5), Layer(program, seed=5)
    assert torch.equal(first.w, second.w)
    assert np.array_equal(first.w.detach().numpy(), start_values(program, 5)["w"])
    bound = 0.1 if "qumode" in program.kinds else np.pi
    assert 0.1 * bound < first.w.abs().max() <= bound
    TORCH.manual_seed(1)
    third = Layer(program)
    TORCH.manual_seed(1)
    assert torch.equal(Layer(program).w, third.w)
    assert not torch.equal(Layer(program).w, third.w)
    generators = torch.Generator().manual_seed(8), torch.Generator().manual_seed(8)
    assert torch.equal(Layer(program, seed=generators[0]).w, Layer(program, seed=generators[1]).w)
    first.reset_parameters(6)
    assert torch.equal(first.w, Layer(program, seed=6).w)
    given = Layer(program, initial={"w": torch.tensor([0.1, 0.2, 0.3])})
    assert given.w.tolist() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("program", ["shared"], indirect=True)
def test_settings_reach_the_engine(program: qc.Program) -> None:
    """Would catch shots, a seed or a method that nothing heeds."""
    x = rows_of(program, 2)
    drawn = layer_of(program, shots=50)
    assert torch.equal(drawn(x), drawn(x))
    assert not torch.allclose(drawn(x), layer_of(program)(x), atol=1e-3)
    shifted = layer_of(program, method="shift")
    assert not shifted._split.evaluator.sweeps
    first, second = (torch.autograd.grad(m(x).sum(), x)[0] for m in (shifted, layer_of(program)))
    assert torch.allclose(first, second, atol=1e-11)
    single = layer_of(program, precision="single", engine="fused", threads=1)
    assert 0 < (single(x) - layer_of(program)(x)).abs().max() < 1e-4


SCALARS = "qubit q; param t; input a; input b[2]; rx(t + a) q; ry(b[0] - b[1]) q; return expect(Z[0]);"


@pytest.mark.parametrize(
    ("given", "named", "code", "words"),
    [
        (torch.zeros(4), {}, Code.BAD_VALUE, r"`a`, `b` have 3 entries"),
        (torch.tensor(1.0), {}, Code.BAD_VALUE, r"shape \(\)"),
        (torch.zeros(3, dtype=torch.complex128), {}, Code.BAD_VALUE, "complex"),
        (torch.tensor([0.0, 0.0, torch.nan]), {}, Code.BAD_VALUE, r"`b\[1\]` is nan"),
        (None, {"a": torch.zeros(2)}, Code.UNBOUND, "`b` is not fed"),
        (None, {"a": torch.zeros(2), "b": torch.zeros(3)}, Code.BAD_VALUE, r"`b` has the shape \(3,\)"),
        (None, {"a": torch.zeros(2), "b": torch.zeros(3, 2)}, Code.BAD_VALUE, r"`a` \(2,\), `b` \(3,\)"),
        (None, {"a": torch.zeros(2), "bb": torch.zeros(2), "b": torch.zeros(2)}, Code.UNKNOWN_NAME, "`bb`"),
        (torch.zeros(3), {"a": torch.zeros(2)}, Code.BAD_VALUE, "give either"),
        (None, {}, Code.UNBOUND, "`a` is not fed"),
    ],
)
def test_what_is_fed_wrongly_is_named(given: Any, named: dict[str, Tensor], code: Code, words: str) -> None:
    """Would catch an error from deep inside, or one that leaves the reader to guess which input it means."""
    program = qc.parse(SCALARS)
    assert isinstance(program, qc.Program)
    with pytest.raises(qc.CompileError, match=words) as caught:
        Layer(program, seed=0)(*([] if given is None else [given]), **named)
    assert caught.value.diagnostics[0].code is code


@pytest.mark.parametrize(
    ("initial", "code", "words"),
    [
        ({"t": 1}, Code.BAD_VALUE, "`t` is trained, and int64"),
        ({"t": [0.1]}, Code.BAD_VALUE, r"`t` has the shape \(1,\)"),
        ({"t": float("nan")}, Code.BAD_VALUE, "`t` is not finite"),
        ({"t": 1j}, Code.BAD_VALUE, "`t` is of complex128"),
        ({"u": 0.1}, Code.UNKNOWN_NAME, "no trained parameter `u`"),
        ({"a": 0.1}, Code.UNKNOWN_NAME, "no trained parameter `a`"),
    ],
)
def test_a_wrong_start_is_named(initial: dict[str, Any], code: Code, words: str) -> None:
    """Would catch integers trained as if they had slopes, and values that no parameter takes."""
    program = qc.parse(SCALARS)
    assert isinstance(program, qc.Program)
    with pytest.raises(qc.CompileError, match=words) as caught:
        Layer(program, initial=initial)
    assert caught.value.diagnostics[0].code is code


def test_a_parameter_gone_wrong_is_named() -> None:
    """Would catch a NaN that an optimiser made, or a parameter put in place of another, told by a number alone."""
    program = qc.parse(SCALARS)
    assert isinstance(program, qc.Program)
    for value, words in (
        (torch.tensor(torch.nan), "`t` is nan"),
        (torch.zeros(2), r"`t` has the shape \(2,\)"),
        (torch.tensor(1), "`t` is trained, and int64"),
    ):
        layer = Layer(program, seed=0)
        layer.t = nn.Parameter(value, requires_grad=False)
        with pytest.raises(qc.CompileError, match=words):
            layer(torch.zeros(3))


def test_a_name_that_modules_have_is_refused() -> None:
    """Would catch a parameter that hides a method of the module."""
    program = qc.parse("qubit q; param train; rx(train) q; return expect(Z[0]);")
    assert isinstance(program, qc.Program)
    with pytest.raises(qc.CompileError, match="`train`") as caught:
        Layer(program)
    assert caught.value.diagnostics[0].code is Code.RESERVED_NAME
