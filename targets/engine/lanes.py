"""Eight numbers side by side: what the kernels load, combine and store, as a Numba type over LLVM's vectors.

The functions below say what each operation does to arrays of eight, and run as such without Numba. Compiled, a value of
eight doubles is one vector to LLVM, which splits it as the processor needs.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import models, register_default
from numba.extending import intrinsic, lower_builtin, overload, type_callable
from numpy.typing import NDArray

Reals = NDArray[Any]
WIDTH = 8
_CONTRACT = ("contract",)  # a·b + c rounds once where the processor can
_ORDER = np.arange(WIDTH)


def load(array: Reals, place: int) -> Reals:
    """The eight numbers from this place on."""
    return array[place : place + WIDTH].copy()


def store(array: Reals, place: int, value: Reals) -> None:
    array[place : place + WIDTH] = value


def accumulate(array: Reals, place: int, value: Reals) -> None:
    """Adds to eight doubles, whatever the precision of the value."""
    array[place : place + WIDTH] += value


def swapped1(value: Reals) -> Reals:
    """Neighbours exchanged: lane k holds what lane k ^ 1 held."""
    result: Reals = value[_ORDER ^ 1]
    return result


def swapped2(value: Reals) -> Reals:
    result: Reals = value[_ORDER ^ 2]
    return result


def swapped4(value: Reals) -> Reals:
    result: Reals = value[_ORDER ^ 4]
    return result


def parity(bits: int) -> int:
    """1 where an odd number of bits is set."""
    return bits.bit_count() & 1


class Lanes(types.Type):
    """Eight numbers of one type, as Numba sees them."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")


@register_default(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Any) -> None:
        super().__init__(manager, lanes, _vector(lanes.dtype))


def _vector(dtype: Any) -> Any:
    return ir.VectorType(ir.DoubleType() if dtype == types.float64 else ir.FloatType(), WIDTH)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, place: Any) -> Any:
    """Where the eight numbers are, as a pointer to a vector."""
    data = cgutils.create_struct_proxy(array_type)(context, builder, value=array).data
    return builder.bitcast(builder.gep(data, [place]), _vector(array_type.dtype).as_pointer())


@intrinsic
def _load(_: Any, array: Any, place: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        pointer = _pointer(context, builder, array_type, *arguments)
        return builder.load(pointer, align=array_type.dtype.bitwidth // 8)

    return Lanes(array.dtype)(array, types.intp), generate


@intrinsic
def _store(_: Any, array: Any, place: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        pointer = _pointer(context, builder, array_type, *arguments[:2])
        builder.store(arguments[2], pointer, align=array_type.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


@intrinsic
def _accumulate(_: Any, array: Any, place: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], *arguments[:2])
        wide = arguments[2]
        if signature.args[2].dtype != types.float64:
            wide = builder.fpext(wide, _vector(types.float64))
        builder.store(builder.fadd(builder.load(pointer, align=8), wide), pointer, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


def _swap(mask: int) -> Any:
    @intrinsic
    def swap(_: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            order = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [lane ^ mask for lane in range(WIDTH)])
            return builder.shuffle_vector(arguments[0], arguments[0], order)

        return value(value), generate

    return swap


@intrinsic
def _parity(_: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.and_(builder.ctpop(arguments[0]), ir.Constant(arguments[0].type, 1))

    return types.int64(types.int64), generate


@overload(load, inline="always", strict=False)
def _compiled_load(array: Any, place: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
    def compiled(array: Any, place: Any) -> Any:
        return _load(array, place)

    return compiled


@overload(store, inline="always", strict=False)
def _compiled_store(array: Any, place: Any, value: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
    def compiled(array: Any, place: Any, value: Any) -> Any:
        return _store(array, place, value)

    return compiled


@overload(accumulate, inline="always", strict=False)
def _compiled_accumulate(array: Any, place: Any, value: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
    def compiled(array: Any, place: Any, value: Any) -> Any:
        return _accumulate(array, place, value)

    return compiled


@overload(parity, inline="always", strict=False)
def _compiled_parity(bits: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
    def compiled(bits: Any) -> Any:
        return _parity(bits)

    return compiled


def _compile_swap(function: Callable[[Any], Any], mask: int) -> None:
    swap = _swap(mask)

    @overload(function, inline="always", strict=False)
    def compiled_swap(value: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
        def compiled(value: Any) -> Any:
            return swap(value)

        return compiled


_compile_swap(swapped1, 1)
_compile_swap(swapped2, 2)
_compile_swap(swapped4, 4)


def _define_arithmetic(name: str, operation: Callable[[Any, Any], Any]) -> None:
    @type_callable(operation)
    def typer(_: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
        def typing(a: Any, b: Any) -> Any:
            return a if isinstance(a, Lanes) and a == b else None

        return typing

    @lower_builtin(operation, Lanes, Lanes)
    def lower(_: Any, builder: Any, __: Any, arguments: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
        return getattr(builder, name)(arguments[0], arguments[1], flags=_CONTRACT)


_define_arithmetic("fadd", operator.add)
_define_arithmetic("fsub", operator.sub)
_define_arithmetic("fmul", operator.mul)
