"""The methods of `layers.split.Split` as functions that PyTorch differentiates: one call of the engine each.

Of weights and inputs z = (w, x), with cotangents of the results in the second column and tangents of all in the third:

    values(z)              c     pullback(z, c)                               pushforward(z, ż)
    pullback(z, c)         t     second(z, c, t), pushforward(z, t)           pullback(z, ċ) + second(z, c, ż)
    pushforward(z, t)      c     second(z, c, t), pullback(z, c)              pushforward(z, ṫ) + curvature(z, t, ż)
    second(z, c, t)        u     -, curvature(z, t, u), second(z, c, u)       second(z, ċ, t) + second(z, c, ṫ)
    curvature(z, t, u)     c     -, second(z, c, u), second(z, c, t)          curvature(z, ṫ, u) + curvature(z, t, u̇)

where a third derivative would be, it is refused. `values` has a short way of its own; the others serve second order,
forward mode, and the transforms of torch.func, which map them too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn, TypeAlias

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd import forward_ad
from torch.fx.experimental import proxy_tensor

from qcompile.diagnostics import Code, error
from qcompile.layers.mapped import METHODS, mapped
from qcompile.layers.split import Split

Tensors: TypeAlias = Sequence[Tensor | None]
Rule: TypeAlias = Callable[..., Sequence[Tensor | None]]
_torch: Any = torch
_levels: Any = forward_ad
_get_proxy_mode: Any = proxy_tensor.get_proxy_mode


def values(split: Split, weights: Tensor, inputs: Tensor) -> Tensor:
    """The outputs, shape (*lead, width), to be differentiated twice.

    Args:
        weights, inputs: in double precision, on the processor, of shapes as `Split` says.
    """
    _check_traced()
    if _is_transformed():
        is_derived = torch.is_grad_enabled() or _levels._current_level >= 0
        return _call("remembered" if is_derived else "values", split, weights, inputs)[0]
    if torch.is_grad_enabled() and (weights.requires_grad or inputs.requires_grad):
        found: Tensor = _values_of(_narrowed(split, weights, inputs), weights, inputs)
        return found
    return tensor(split.values(_numbers(weights), _numbers(inputs)))


def tensor(array: NDArray[Any]) -> Tensor:
    """On the same memory."""
    found: Tensor = _torch.from_numpy(array)
    return found


def _is_transformed() -> bool:
    """Does torch.func or forward mode look on?"""
    return bool(_torch._C._are_functorch_transforms_active()) or _levels._current_level >= 0


def _narrowed(split: Split, weights: Tensor, inputs: Tensor) -> Split:
    """With the derivatives alone that are wanted."""
    if weights.requires_grad and inputs.requires_grad:
        return split
    return split.by_weights if weights.requires_grad else split.by_inputs


def _check_traced() -> None:
    """Raises METHOD where PyTorch records what its operations do, which the engine's are none of."""
    if _get_proxy_mode() is not None or _torch.jit.is_tracing():
        label = "PyTorch traces operations here, and the engine's are none of its own"
        raise error(
            Code.METHOD, label, help="give the layer method='backprop', or torch.func.jvp in place of linearize"
        )


class _Values(torch.autograd.Function):
    """The short way: forward and backward once."""

    @staticmethod
    def forward(ctx: Any, split: Split, weights: Tensor, inputs: Tensor) -> Tensor:
        ctx.split, ctx.held = split, split.held(_numbers(weights), _numbers(inputs))
        ctx.save_for_backward(weights, inputs)
        return tensor(ctx.held.values.reshape(*inputs.shape[:-1], split.evaluator.width))

    @staticmethod
    def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
        weights, inputs = ctx.saved_tensors
        held, keeps_graph = ctx.held, _torch._C._autograd._get_current_graph_task_keep_graph()
        if held is None:
            held = ctx.split.held(_numbers(weights), _numbers(inputs))
        ctx.held = held if keeps_graph else None  # as PyTorch does with the tensors that it saves
        if torch.is_grad_enabled() or _is_transformed():  # the gradient is to be differentiated, or mapped
            ctx.split.remember(held)
            values = tensor(held.values.reshape(cotangents[0].shape))
            return None, *_call("pullback", ctx.split, weights, inputs, *cotangents, values)
        if _torch._C._functorch.is_legacy_batchedtensor(cotangents[0]):
            label, advice = "several gradients at once, as by is_grads_batched", "torch.func.jacrev, or one by one"
            raise error(Code.METHOD, label, help=advice)
        by_weights, by_inputs = held.pulled(_numbers(cotangents[0]).reshape(held.values.shape))
        of_inputs = tensor(by_inputs).reshape(inputs.shape) if ctx.needs_input_grad[2] else None
        return None, tensor(by_weights), of_inputs


def _numbers(given: Tensor) -> NDArray[Any]:
    found: NDArray[Any] = given.detach().resolve_neg().numpy()
    return found


# ---- the others


def _function(method: str, backward: Rule, jvp: Rule) -> Any:
    """A method of `Split`, with what flows back from cotangents of its results, and along tangents of its arguments.

    Args:
        backward: from the split, which arguments want a derivative, the arguments and the cotangents. Beside the
            arguments of what is remembered stands its result, by which the states are found.
        jvp: from the split, the arguments and their tangents, None where one has none.
    """

    class Function(torch.autograd.Function):
        @staticmethod
        def forward(split: Split, *given: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            return _outside(split, method, given)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
            ctx.split, *given = inputs
            saved = (*given, output) if method == "remembered" else given
            ctx.save_for_backward(*saved)
            ctx.save_for_forward(*saved)

        @staticmethod
        def backward(ctx: Any, *cotangents: Tensor) -> tuple[Tensor | None, ...]:
            wanted = ctx.needs_input_grad[1:]
            slopes = backward(ctx.split, wanted, ctx.saved_tensors, cotangents)
            return None, *(slope if want else None for slope, want in zip(slopes, wanted, strict=True))

        @staticmethod
        def jvp(ctx: Any, *tangents: Tensor | None) -> Any:
            found = jvp(ctx.split, ctx.saved_tensors, tangents[1:])
            return found[0] if len(found) == 1 else tuple(found)

        @staticmethod
        def vmap(_: Any, axes: Any, split: Split, *given: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            call = partial(_call, method, split)
            found = mapped(method, call, given, axes[1:], _to_front, torch.broadcast_to)
            return (found[0], 0) if len(found) == 1 else (tuple(found), (0,) * len(found))

    return Function


def _run(split: Split, method: str, given: Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    found = getattr(split, method)(*map(_numbers, given))
    return tuple(tensor(each) for each in found) if len(METHODS[method].gives) > 1 else tensor(found)


def _to_front(given: Tensor, axis: int) -> Tensor:
    return given.movedim(axis, 0)


def _call(method: str, split: Split, *given: Tensor) -> tuple[Tensor, ...]:
    found: Any = _FUNCTIONS[method].apply(split, *given)
    several: tuple[Tensor, ...] = found if len(METHODS[method].gives) > 1 else (found,)
    return several


def _filled(tangents: Tensors, like: Sequence[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(a) if t is None else t for t, a in zip(tangents, like, strict=True)]


def _are_none(tangents: Tensors) -> bool:
    return all(tangent is None for tangent in tangents)


def _total(*parts: Sequence[Tensor]) -> list[Tensor]:
    """The sum of several results, each of which may be a pair."""
    one, *others = [part for part in parts if part]
    return [a + b for a, b in zip(one, others[0], strict=True)] if others else list(one)


def _refuse(is_asked: bool) -> None:
    if is_asked:
        label, advice = "a layer of PyTorch has no third derivative", "with method='backprop' it has any order"
        raise error(Code.METHOD, label, help=advice)


def _refused(*_: Any) -> NoReturn:
    raise AssertionError("these values are of no graph")


def _from_values(split: Split, _: Any, saved: Sequence[Tensor], c: Sequence[Tensor]) -> Sequence[Tensor]:
    *z, found = saved
    return _call("pullback", split, *z, *c, found)


def _along_values(split: Split, saved: Sequence[Tensor], dz: Tensors) -> Sequence[Tensor]:
    *z, found = saved
    return _call("pushforward", split, *z, *_filled(dz, z), found)


def _from_pullback(split: Split, wanted: Sequence[bool], given: Sequence[Tensor], u: Sequence[Tensor]) -> Tensors:
    z, c, found = given[:2], given[2:3], given[3:]
    by_z = _call("second", split.whole, *z, *c, *u) if any(wanted[:2]) else (None, None)
    by_c = _call("pushforward", split, *z, *u, *found) if wanted[2] else (None,)
    return *by_z, *by_c, *(None for _ in found)


def _along_pullback(split: Split, given: Sequence[Tensor], moved: Tensors) -> Sequence[Tensor]:
    z, c, found, dz, dc = given[:2], given[2:3], given[3:], moved[:2], moved[2:3]
    along_c = () if _are_none(dc) else _call("pullback", split, *z, *_filled(dc, c), *found)
    return _total(along_c, () if _are_none(dz) else _call("second", split.whole, *z, *c, *_filled(dz, z)))


def _from_pushforward(split: Split, wanted: Sequence[bool], given: Sequence[Tensor], c: Sequence[Tensor]) -> Tensors:
    z, t, found = given[:2], given[2:4], given[4:]
    by_z = _call("second", split.whole, *z, *c, *t) if any(wanted[:2]) else (None, None)
    by_t = _call("pullback", split, *z, *c, *found) if any(wanted[2:4]) else (None, None)
    return *by_z, *by_t, *(None for _ in found)


def _along_pushforward(split: Split, given: Sequence[Tensor], moved: Tensors) -> Sequence[Tensor]:
    z, t, found, dz, dt = given[:2], given[2:4], given[4:], moved[:2], moved[2:4]
    along_t = () if _are_none(dt) else _call("pushforward", split, *z, *_filled(dt, t), *found)
    return _total(along_t, () if _are_none(dz) else _call("curvature", split.whole, *z, *t, *_filled(dz, z)))


def _from_second(split: Split, wanted: Sequence[bool], given: Sequence[Tensor], u: Sequence[Tensor]) -> Tensors:
    z, c, t = given[:2], given[2:3], given[3:]
    _refuse(any(wanted[:2]))
    by_c = _call("curvature", split, *z, *t, *u) if wanted[2] else (None,)
    return None, None, *by_c, *(_call("second", split, *z, *c, *u) if any(wanted[3:]) else (None, None))


def _along_second(split: Split, given: Sequence[Tensor], moved: Tensors) -> Sequence[Tensor]:
    z, c, t, dc, dt = given[:2], given[2:3], given[3:], moved[2:3], moved[3:]
    _refuse(not _are_none(moved[:2]))
    along_c = () if _are_none(dc) else _call("second", split, *z, *_filled(dc, c), *t)
    return _total(along_c, () if _are_none(dt) else _call("second", split, *z, *c, *_filled(dt, t)))


def _from_curvature(split: Split, wanted: Sequence[bool], given: Sequence[Tensor], c: Sequence[Tensor]) -> Tensors:
    z, t, u = given[:2], given[2:4], given[4:]
    _refuse(any(wanted[:2]))
    by_t = _call("second", split, *z, *c, *u) if any(wanted[2:4]) else (None, None)
    return None, None, *by_t, *(_call("second", split, *z, *c, *t) if any(wanted[4:]) else (None, None))


def _along_curvature(split: Split, given: Sequence[Tensor], moved: Tensors) -> Sequence[Tensor]:
    z, t, u, dt, du = given[:2], given[2:4], given[4:], moved[2:4], moved[4:]
    _refuse(not _are_none(moved[:2]))
    along_t = () if _are_none(dt) else _call("curvature", split, *z, *_filled(dt, t), *u)
    return _total(along_t, () if _are_none(du) else _call("curvature", split, *z, *t, *_filled(du, u)))


_outside: Any = _torch.compiler.disable(_run)  # torch.compile does not look into it
_short: Any = _Values  # PyTorch types it in part only
_values_of = _short.apply
_FUNCTIONS: dict[str, Any] = {
    method: _function(method, backward, jvp)
    for method, backward, jvp in (
        ("values", _refused, _refused),
        ("remembered", _from_values, _along_values),
        ("pullback", _from_pullback, _along_pullback),
        ("pushforward", _from_pushforward, _along_pushforward),
        ("second", _from_second, _along_second),
        ("curvature", _from_curvature, _along_curvature),
    )
}
