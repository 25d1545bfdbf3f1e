"""Programs as layers of PyTorch: `qcompile.torch.Layer` is an `nn.Module`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from qcompile.diagnostics import Code, error
from qcompile.files import parse
from qcompile.grammar import to_text
from qcompile.ir import Parameter, Program
from qcompile.layers.arguments import checked_start, fed, shape_of, start_values, trained, width_of
from qcompile.layers.evaluator import Evaluator
from qcompile.layers.frameworks import missing
from qcompile.layers.inputs import check_named, check_one
from qcompile.layers.outputs import names_of
from qcompile.layers.split import Split
from qcompile.run import Engine, On

try:
    import torch
except ModuleNotFoundError as fault:
    raise missing("torch", fault) from None

from torch import Tensor, nn

from qcompile.targets.torch import Lowered, lower
from qcompile.torch.functions import tensor, values

_torch: Any = torch
BACKPROP = "backprop"


class Layer(nn.Module):
    """A program as a module: its `param`s are the module's parameters, by name, its `input`s what it is called with.

    Called with one tensor that holds all that is fed in its last axis, or with each input by its name (the shape of a
    number being (…), of an array (…, size)), it returns all outputs side by side in the last axis: shape (…, width),
    with a column for each number and for each outcome of probabilities. It computes on the processor, and returns the
    type of its parameters, on their device.

    Args:
        initial: start values by name; what is not given starts uniformly in ±π, or ±0.1 in programs that hold light.
        seed: of the start values, which else come from PyTorch's own generator; a number is that of shots too, which
            without one are drawn anew at every call.
        method: as for `value_and_grad`; or `backprop`: qubits and gates as operations of PyTorch, on the device and in
            the precision of the parameters, with its automatic differentiation, to any order.
        on, shots, options: as for `value_and_grad`; not with `backprop`.

    Raises:
        CompileError: NOT_DIFFERENTIABLE, UNKNOWN_OPTION, UNKNOWN_NAME, BAD_VALUE, RESERVED_NAME; when it is called
            BAD_VALUE, UNKNOWN_NAME, UNBOUND, and as `value_and_grad`.
    """

    def __init__(
        self,
        program: Program,
        initial: Mapping[str, ArrayLike] | None = None,
        seed: int | torch.Generator | None = None,
        method: str = "auto",
        on: On = None,
        shots: int | None = None,
        **options: Unpack[Engine],
    ) -> None:
        super().__init__()
        if method == BACKPROP and (on is not None or shots is not None or options):
            label = "backprop runs on PyTorch alone, exactly"
            raise error(Code.UNKNOWN_OPTION, label, help="leave out `on`, `shots` and what is the engine's")
        of_shots = None if seed is None or isinstance(seed, torch.Generator) else int(seed)
        self.program = program
        self._settings: dict[str, Any] = {"method": method, "on": on, "shots": shots, "seed": of_shots, **options}
        self._prepare()
        for name, value in start_values(program, _drawn(seed), _numbers(initial)).items():
            if hasattr(self, name):
                span, advice = program.parameter(name).span, "call the parameter something else"
                raise error(Code.RESERVED_NAME, f"a module of PyTorch has its own `{name}`", span, advice)
            self.register_parameter(name, nn.Parameter(torch.tensor(value, dtype=torch.get_default_dtype())))

    def _prepare(self) -> None:
        """What is made of the program and its settings, and not pickled."""
        is_native = self._settings["method"] == BACKPROP
        settings: dict[str, Any] = {**self._settings, "method": "auto"} if is_native else self._settings
        self._split = Split(Evaluator.of(self.program, **settings))
        self._lowered = lower(self.program) if is_native else None
        self._trained, self._fed = trained(self.program), fed(self.program)

    @property
    def outputs(self) -> dict[str, slice]:
        """The columns of each output, by its text: `expect(H)`."""
        return dict(zip(names_of(self.program), self._split.evaluator.outputs, strict=True))

    def reset_parameters(self, seed: int | torch.Generator | None = None) -> None:
        """Draw the parameters again."""
        with torch.no_grad():
            for name, value in start_values(self.program, _drawn(seed)).items():
                self.get_parameter(name).copy_(tensor(value))

    def forward(self, x: Tensor | None = None, /, **inputs: Tensor) -> Tensor:
        if self._lowered is not None:
            return self._backpropagated(self._lowered, x, inputs)
        found: Tensor = _apart(self._called, x, inputs)
        return found

    def _backpropagated(self, lowered: Lowered, x: Tensor | None, inputs: Mapping[str, Tensor]) -> Tensor:
        weights, given = self._weights(), self._rows(x, inputs)
        rows = given.to(weights) if self._trained else given
        wide = torch.cat([weights.to(rows).expand(*rows.shape[:-1], -1), rows], dim=-1)
        evaluator = self._split.evaluator
        places = np.argsort(np.concatenate([evaluator.trained, evaluator.fed]))
        whole = wide[..., torch.as_tensor(places, device=wide.device)]
        found = lowered(whole.reshape(rows.shape[:-1].numel(), len(places)))
        return found.reshape(*rows.shape[:-1], found.shape[-1])

    def _called(self, x: Tensor | None, inputs: Mapping[str, Tensor]) -> Tensor:
        weights, rows = self._weights(), self._rows(x, inputs)
        found = values(self._split, _plain(weights), _plain(rows))
        like = weights if self._trained else rows
        return found if _is_plain(like) else found.to(like.device, like.dtype)

    def extra_repr(self) -> str:
        names = ", ".join(self.outputs)
        return f"{width_of(self._fed)} fed -> {names}, method={self._settings['method']!r}"

    def __getstate__(self) -> dict[str, Any]:
        made = ("_split", "_lowered", "_trained", "_fed")
        return {k: v for k, v in self.__dict__.items() if k not in made} | {"program": to_text(self.program)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        module: Any = super()
        module.__setstate__(state)
        program = parse(state["program"])
        if not isinstance(program, Program):
            raise AssertionError("a layer is of a program")
        self.program = program
        self._prepare()

    def _weights(self) -> Tensor:
        """All that is trained, in order of declaration, shape (trained,)."""
        given = [self._checked(p, getattr(self, p.name, None)) for p in self._trained]
        parts = [value if value.ndim == 1 else value.reshape(1) for value in given]
        if len(parts) == 1:
            return parts[0]
        return torch.cat(parts) if parts else torch.zeros(0)

    def _checked(self, parameter: Parameter, value: Tensor | None) -> Tensor:
        if value is None:
            raise error(Code.UNBOUND, f"`{parameter.name}` is gone from the module", parameter.span, "put it back")
        if value.shape != shape_of(parameter) or not value.is_floating_point():
            checked_start(parameter, value.detach().cpu().numpy())
        return value

    def _rows(self, x: Tensor | None, inputs: Mapping[str, Tensor]) -> Tensor:
        """What is fed, shape (*lead, fed)."""
        if x is not None and not inputs:
            given = _real(x, "what is fed")
            check_one(self._fed, given.shape)
            return given
        if x is not None:
            raise error(Code.BAD_VALUE, "inputs in one tensor and by name", help="give either")
        if not inputs and not self._fed:
            return torch.zeros(0)
        named = {name: _real(value, f"`{name}`") for name, value in inputs.items()}
        leading = check_named(self._fed, {name: tuple(value.shape) for name, value in named.items()})
        found = [(p, named[p.name].expand(*leading, *shape_of(p))) for p in self._fed]
        return torch.cat([value.reshape(*leading, len(p.elements())) for p, value in found], dim=-1)


def _drawn(seed: int | torch.Generator | None) -> int:
    """A number that start values are drawn from, by PyTorch's own generator where it isn't given."""
    if seed is None or isinstance(seed, torch.Generator):
        return int(torch.randint(2**31, (), generator=seed))
    return int(seed)


def _numbers(initial: Mapping[str, ArrayLike] | None) -> dict[str, ArrayLike]:
    given: dict[str, Any] = dict(initial or {})
    return {k: v.detach().cpu().numpy() if isinstance(v, Tensor) else v for k, v in given.items()}


def _real(value: Any, what: str) -> Tensor:
    tensor: Tensor = torch.as_tensor(value)
    if tensor.is_complex():
        raise error(Code.BAD_VALUE, f"{what} is complex", help="give real numbers")
    return tensor if tensor.is_floating_point() else tensor.to(torch.get_default_dtype())


def _plain(tensor: Tensor) -> Tensor:
    """In double precision on the processor; gradients come back in the tensor's own type."""
    return tensor if _is_plain(tensor) else tensor.to("cpu", torch.float64)


def _is_plain(tensor: Tensor) -> bool:
    return tensor.dtype is torch.float64 and tensor.device.type == "cpu"


def _call(function: Any, *arguments: Any) -> Any:
    return function(*arguments)


# A graph of torch.compile breaks at a call of `_apart`, and nowhere within.
_apart: Any = _torch.compiler.disable(_call)
