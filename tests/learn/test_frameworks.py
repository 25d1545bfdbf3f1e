"""The optimizers of PyTorch, optax and Keras go the way that the framework goes by hand, stop and go on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from framework_runs import RATE, START, STEPS, by_keras, by_optax, by_torch, trained
from trained_programs import SIMPLE, program_of

import qcompile as qc
from qcompile.learn.frameworks import FRAMEWORKS
from qcompile.learn.loss import Loss

UNFIT = {"torch": {"muon", "sparseadam"}, "optax": {"lbfgs"}, "keras": set[str]()}
BOWL = SIMPLE.replace("Z[0] + Z[1]", "-Z[0] - Z[1]")  # some go by way of the origin, where it is lowest
NONE = {
    "torch": {"optimizer"},
    "optax": {"scale_by_learning_rate", "scale_by_rprop"},
    "keras": {"optimizer", "lossscaleoptimizer", "multioptimizer"},
}


def public(framework: str) -> Iterator[str]:
    """All names of a framework that may be optimizers, found by other means than the training's."""
    import keras
    import optax
    import torch

    lists: dict[str, tuple[Any, Any]] = {
        "torch": (torch.optim, torch.optim.Optimizer), "keras": (keras.optimizers, keras.optimizers.Optimizer)
    }  # fmt: skip
    if framework == "optax":
        functions = {name: getattr(optax, name) for name in dir(optax) if not name.startswith("_")}
        codes = {name: each.__code__ for name, each in functions.items() if hasattr(each, "__code__")}
        yield from (name for name, code in codes.items() if "learning_rate" in code.co_varnames[: code.co_argcount])
        return
    module, base = lists[framework]
    values = {name: getattr(module, name) for name in dir(module)}
    yield from (name.lower() for name, value in values.items() if isinstance(value, type) and base in value.__mro__)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_optimizer_trains_and_goes_on_or_is_refused(framework: str, tmp_path: Path) -> None:
    """Would catch a traceback, a step uphill, and a state that is not written down whole, in all that there is."""
    unfit, none = set[str](), set[str]()
    for name in public(framework):
        optimizer, path = f"{framework}.{name}", tmp_path / f"{name}.json"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of optimistic_adam, which trains
            try:
                whole = trained(optimizer, BOWL)
            except qc.CompileError as fault:
                refused = {qc.Code.METHOD: unfit, qc.Code.UNKNOWN_OPTION: none}
                refused[fault.diagnostics[0].code].add(name)
                continue
            part = trained(optimizer, BOWL, steps=5, checkpoint=path)
            rest = trained(optimizer, BOWL, checkpoint=path, resume=True)
        assert whole.history[-1] < whole.history[0], optimizer
        assert part.history == whole.history[:5], optimizer
        assert rest.history == whole.history, optimizer
    assert (unfit, none) == (UNFIT[framework], NONE[framework])


def cases() -> dict[str, Callable[[], list[float]]]:
    def torch() -> Any:
        import torch

        return torch.optim

    def optax() -> Any:
        import optax

        return optax

    def keras() -> Any:
        import keras

        return keras.optimizers

    return {
        "torch.adamw": lambda: by_torch(lambda p: torch().AdamW(p, lr=RATE)),
        "torch.sgd{momentum=0.9, nesterov=true}": lambda: by_torch(
            lambda p: torch().SGD(p, lr=RATE, momentum=0.9, nesterov=True)
        ),
        "torch.adam{betas=(0.8, 0.95), eps=1e-6}": lambda: by_torch(
            lambda p: torch().Adam(p, lr=RATE, betas=(0.8, 0.95), eps=1e-6)
        ),
        "torch.lbfgs{max_iter=3,line_search_fn=strong_wolfe}": lambda: by_torch(
            lambda p: torch().LBFGS(p, lr=RATE, max_iter=3, line_search_fn="strong_wolfe")
        ),
        "torch.asgd{t0=3}": lambda: by_torch(lambda p: torch().ASGD(p, lr=RATE, t0=3)),
        "optax.lion{weight_decay=0.1}": lambda: by_optax(optax().lion(RATE, weight_decay=0.1)),
        "optax.novograd": lambda: by_optax(optax().novograd(RATE)),
        "optax.sgd{momentum=0.9}": lambda: by_optax(optax().sgd(RATE, momentum=0.9)),
        "optax.noisy_sgd": lambda: by_optax(optax().noisy_sgd(RATE, key=0)),
        "keras.rmsprop": lambda: by_keras(keras().RMSprop(RATE)),
        "keras.nadam{beta_1=0.8,clipnorm=0.5}": lambda: by_keras(keras().Nadam(RATE, beta_1=0.8, clipnorm=0.5)),
    }


@pytest.mark.parametrize("optimizer", cases())
def test_the_way_is_that_of_the_framework_by_hand(optimizer: str) -> None:
    """Would catch an option or a rate that is dropped, single precision, and a gradient of another sign or scale."""
    np.testing.assert_allclose(trained(optimizer).history, cases()[optimizer](), rtol=0, atol=1e-12)


@pytest.mark.parametrize("optimizer", ["torch.adam", "optax.adam"])
def test_theirs_is_ours(optimizer: str) -> None:
    """Would catch either of the two gone wrong: both are algorithm 1 of Kingma and Ba."""
    np.testing.assert_allclose(trained(optimizer).history, trained("adam").history, rtol=0, atol=1e-12)


def test_a_layer_trained_by_hand_has_the_same_losses() -> None:
    """Would catch a training that is not what the layer's users would write."""
    import torch

    layer = qc.torch.Layer(program_of(SIMPLE), initial=START).double()
    optimizer: Any = torch.optim.Adam(layer.parameters(), lr=RATE)
    losses: list[float] = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss: Any = layer().sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    np.testing.assert_allclose(trained("torch.adam").history, losses, rtol=0, atol=1e-12)


def test_precision_is_doubled_for_the_training_alone() -> None:
    """Would catch a switch of JAX's that stays turned in the user's process."""
    import jax

    module: Any = jax
    trained("optax.adam")
    assert not module.config.jax_enable_x64
    assert module.numpy.ones(1).dtype == np.float32


def test_what_is_random_is_drawn_from_the_seed() -> None:
    """Would catch the same noise for every seed, and other noise for the same."""
    runs = [trained("optax.noisy_sgd", seed=seed).history for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert trained("optax.noisy_sgd{key=2}", seed=1).history == runs[2]


@pytest.mark.parametrize(
    ("optimizer", "code", "label", "cure"),
    [
        ("torch.adamm", qc.Code.UNKNOWN_OPTION, "no optimizer `torch.adamm`", "did you mean `torch.adam`?"),
        ("torch.functional", qc.Code.UNKNOWN_OPTION, "no optimizer", "optimizers of PyTorch: "),
        ("torch.__init__", qc.Code.UNKNOWN_OPTION, "no optimizer", ""),
        ("optax.scale", qc.Code.UNKNOWN_OPTION, "no optimizer", ""),
        ("tourch.adam", qc.Code.UNKNOWN_OPTION, "no optimizer `tourch.adam`", "torch.…"),
        ("torch", qc.Code.UNKNOWN_OPTION, "no optimizer `torch`", "torch.…"),
        ("torch.sgd{momentun=0.9}", qc.Code.UNKNOWN_OPTION, "no option `momentun`", "did you mean `momentum`?"),
        ("torch.sgd{lr=0.9}", qc.Code.UNKNOWN_OPTION, "no option `lr`", "`rate`"),
        ("keras.sgd{momentum=0.9,learning_rate=1}", qc.Code.UNKNOWN_OPTION, "no option `learning_rate`", "`rate`"),
        ("torch.sgd{params=1}", qc.Code.UNKNOWN_OPTION, "no option `params`", "its options: "),
        ("optax.adamw{mask=1}", qc.Code.UNKNOWN_OPTION, "no option `mask`", ""),
        ("torch.sgd{momentum=much}", qc.Code.UNKNOWN_OPTION, "not a number in", "the default is 0"),
        ("torch.sgd{momentum=nan}", qc.Code.UNKNOWN_OPTION, "not a number in", ""),
        ("torch.sgd{nesterov=1}", qc.Code.UNKNOWN_OPTION, "not `true` or `false` in", "the default is false"),
        ("torch.adam{betas=0.9}", qc.Code.UNKNOWN_OPTION, "not numbers in parentheses", "the default is (0.9, 0.999)"),
        ("torch.lbfgs{history_size=1.5}", qc.Code.UNKNOWN_OPTION, "not a whole number", "the default is 100"),
        ("torch.sgd{momentum=-1}", qc.Code.METHOD, "Invalid momentum value", "change its options"),
        ("torch.adam{betas=(0.9, 0.9, 0.9)}", qc.Code.METHOD, "`torch.adam{betas=(0.9, 0.9, 0.9)}` cannot train", ""),
        ("torch.adam{capturable=true}", qc.Code.METHOD, "cannot train", ""),
        ("torch.sparseadam", qc.Code.METHOD, "does not support dense gradients", ""),
        ("optax.lbfgs", qc.Code.METHOD, "value_fn", "lbfgs"),
        ("adam{eps=1}", qc.Code.UNKNOWN_OPTION, "`adam` has no option `eps`", "its options: none"),
        ("lbfgs{x}", qc.Code.UNKNOWN_OPTION, "`lbfgs` has no option `x`", ""),
    ],
)  # fmt: skip
def test_what_is_none_is_said(
    optimizer: str, code: qc.Code, label: str, cure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a traceback, an option that is dropped, and evaluations before the refusal."""

    def refuse(*_: object) -> None:
        raise AssertionError("evaluated")

    monkeypatch.setattr(Loss, "value_and_gradient", refuse)
    with pytest.raises(qc.CompileError) as fault:
        trained(optimizer)
    [found] = fault.value.diagnostics
    assert found.code is code
    assert label in found.label
    assert cure in found.help


@pytest.mark.parametrize(("framework", "extra"), [("torch", "torch"), ("optax", "jax"), ("keras", "tensorflow")])
def test_a_missing_framework_is_named_with_its_extra(
    framework: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Would catch a traceback of an import, or the extra of another framework."""
    monkeypatch.setattr("importlib.util.find_spec", dict[str, None]().get)
    with pytest.raises(qc.CompileError, match=f"`{framework}.adam` needs the package `{framework}`") as fault:
        trained(f"{framework}.adam")
    assert fault.value.diagnostics[0].code is qc.Code.MISSING_CLIENT
    assert fault.value.diagnostics[0].help == f"pip install 'qcompile[{extra}]'"


def test_keras_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch single precision: Keras on JAX has no other by default."""
    import keras

    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(qc.CompileError, match="Keras runs on jax") as fault:
        trained("keras.adam")
    assert fault.value.diagnostics[0].code is qc.Code.MISSING_CLIENT
