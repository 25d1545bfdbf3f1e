"""Cells of eight complex numbers: what the kernels load, combine and store, as a Numba type over LLVM's vectors.

A cell is sixteen numbers: the real parts of its lanes, then their imaginary parts. A product of two is taken number by
number. The functions below say what each operation does to arrays, and run as such without Numba. Compiled, a cell is
one vector to LLVM, which splits it as the processor needs: of singles it fills one of AVX-512.
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

from qcompile.targets.engine.layout import CELL, LANE_BITS

Reals = NDArray[Any]
LANES, WIDTH = 1 << LANE_BITS, CELL
_CONTRACT = ("contract",)  # a·b + c rounds once where the processor can
_ORDER = np.arange(WIDTH)


def load(array: Reals, place: int) -> Reals:
    """The cell from this place on."""
    return array[place : place + WIDTH].copy()


def spread(array: Reals, place: int) -> Reals:
    """Eight real numbers from this place on, to multiply the lanes of a cell by."""
    return np.tile(array[place : place + LANES], 2)


def store(array: Reals, place: int, value: Reals) -> None:
    array[place : place + WIDTH] = value


def rotated(value: Reals) -> Reals:
    """i times the cell."""
    return np.concatenate([-value[LANES:], value[:LANES]])


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


def zero(value: Reals) -> Reals:
    """A cell of zeros, of the precision of this one."""
    return np.zeros_like(value)


def nothing(value: Reals) -> Reals:
    """The empty sum of products of such cells."""
    return np.zeros(LANES, value.dtype)


def dot(total: Reals, a: Reals, b: Reals) -> Reals:
    """The sum with Re(a* · b) added, lane by lane."""
    result: Reals = total + (a * b).reshape(2, LANES).sum(axis=0)
    return result


def accumulate(array: Reals, place: int, total: Reals) -> None:
    """Adds a sum to eight doubles, whatever its precision."""
    array[place : place + LANES] += total


def interleaved(value: Reals) -> Reals:
    """Each lane's real part before its imaginary part."""
    return np.ascontiguousarray(value.reshape(2, LANES).T).ravel()


def parity(bits: int) -> int:
    """1 where an odd number of bits is set."""
    return bits.bit_count() & 1


class Vector(types.Type):
    """So many numbers of one type side by side, as Numba sees them: a cell, or a sum."""

    def __init__(self, dtype: Any, width: int) -> None:
        self.dtype, self.width = dtype, width
        super().__init__(name=f"Vector({dtype}, {width})")


@register_default(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vector: Any) -> None:
        super().__init__(manager, vector, _llvm(vector))


def _llvm(vector: Any) -> Any:
    return ir.VectorType(ir.DoubleType() if vector.dtype == types.float64 else ir.FloatType(), vector.width)


def _sum_of(dtype: Any) -> Vector:
    """Both halves of a product of singles are added up side by side, as they share a register."""
    return Vector(dtype, LANES if dtype == types.float64 else WIDTH)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, place: Any, width: int) -> Any:
    """Where the numbers are, as a pointer to a vector."""
    data = cgutils.create_struct_proxy(array_type)(context, builder, value=array).data
    return builder.bitcast(builder.gep(data, [place]), _llvm(Vector(array_type.dtype, width)).as_pointer())


def _shuffled(builder: Any, first: Any, second: Any, order: list[int]) -> Any:
    """The numbers of these places, those of the second counted after those of the first."""
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(order)), order)
    return builder.shuffle_vector(first, second, mask)


def _halves(builder: Any, value: Any) -> tuple[Any, Any]:
    low, high = list(range(LANES)), list(range(LANES, WIDTH))
    return _shuffled(builder, value, value, low), _shuffled(builder, value, value, high)


@intrinsic
def _load(_: Any, array: Any, place: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        pointer = _pointer(context, builder, array_type, arguments[0], arguments[1], WIDTH)
        return builder.load(pointer, align=array_type.dtype.bitwidth // 8)

    return Vector(array.dtype, WIDTH)(array, types.intp), generate


@intrinsic
def _spread(_: Any, array: Any, place: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        pointer = _pointer(context, builder, array_type, arguments[0], arguments[1], LANES)
        eight = builder.load(pointer, align=array_type.dtype.bitwidth // 8)
        return _shuffled(builder, eight, eight, [*range(LANES)] * 2)

    return Vector(array.dtype, WIDTH)(array, types.intp), generate


@intrinsic
def _store(_: Any, array: Any, place: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type = signature.args[0]
        pointer = _pointer(context, builder, array_type, arguments[0], arguments[1], WIDTH)
        builder.store(arguments[2], pointer, align=array_type.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


@intrinsic
def _rotated(_: Any, value: Any) -> Any:
    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        order = [*range(WIDTH + LANES, 2 * WIDTH), *range(LANES)]
        return _shuffled(builder, arguments[0], builder.fneg(arguments[0]), order)

    return value(value), generate


@intrinsic
def _zero(_: Any, value: Any) -> Any:
    def generate(*_: Any) -> Any:
        return ir.Constant(_llvm(value), [0.0] * WIDTH)

    return value(value), generate


@intrinsic
def _nothing(_: Any, value: Any) -> Any:
    total = _sum_of(value.dtype)

    def generate(*_: Any) -> Any:
        return ir.Constant(_llvm(total), [0.0] * total.width)

    return total(value), generate


@intrinsic
def _dot(_: Any, total: Any, a: Any, b: Any) -> Any:
    def generate(_: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        result, *factors = arguments
        if signature.args[0].width == WIDTH:
            return builder.fadd(result, builder.fmul(*factors, flags=_CONTRACT), flags=_CONTRACT)
        for pair in zip(*(_halves(builder, factor) for factor in factors), strict=True):
            result = builder.fadd(result, builder.fmul(*pair, flags=_CONTRACT), flags=_CONTRACT)
        return result

    return total(total, a, b), generate


@intrinsic
def _accumulate(_: Any, array: Any, place: Any, total: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array_type, total_type = signature.args[0], signature.args[2]
        pointer = _pointer(context, builder, array_type, arguments[0], arguments[1], LANES)
        double = _llvm(Vector(types.float64, LANES))
        parts = [arguments[2]] if total_type.width == LANES else _halves(builder, arguments[2])
        result = builder.load(pointer, align=8)
        for part in parts:
            wide = part if total_type.dtype == types.float64 else builder.fpext(part, double)
            result = builder.fadd(result, wide)
        builder.store(result, pointer, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, total), generate


def _permuted(places: list[int]) -> Any:
    @intrinsic
    def permute(_: Any, value: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
            return _shuffled(builder, arguments[0], arguments[0], places)

        return value(value), generate

    return permute


@intrinsic
def _parity(_: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.and_(builder.ctpop(arguments[0]), ir.Constant(arguments[0].type, 1))

    return types.int64(types.int64), generate


def _compile_one(function: Callable[[Any], Any], compiled: Any) -> None:
    @overload(function, strict=False)
    def of_one(value: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
        def generic(value: Any) -> Any:
            return compiled(value)

        return generic


def _compile_two(function: Callable[[Any, Any], Any], compiled: Any) -> None:
    @overload(function, strict=False)
    def of_two(array: Any, place: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
        def generic(array: Any, place: Any) -> Any:
            return compiled(array, place)

        return generic


@overload(store, strict=False)
def _compiled_store(array: Any, place: Any, value: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
    def generic(array: Any, place: Any, value: Any) -> Any:
        return _store(array, place, value)

    return generic


@overload(dot, strict=False)
def _compiled_dot(total: Any, a: Any, b: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
    def generic(total: Any, a: Any, b: Any) -> Any:
        return _dot(total, a, b)

    return generic


@overload(accumulate, strict=False)
def _compiled_accumulate(array: Any, place: Any, total: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
    def generic(array: Any, place: Any, total: Any) -> Any:
        return _accumulate(array, place, total)

    return generic


_compile_two(load, _load)
_compile_two(spread, _spread)


@overload(parity, strict=False)
def _compiled_parity(bits: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
    def generic(bits: Any) -> Any:
        return _parity(bits)

    return generic


for _function, _places in (
    (swapped1, _ORDER ^ 1),
    (swapped2, _ORDER ^ 2),
    (swapped4, _ORDER ^ 4),
    (interleaved, _ORDER // 2 + LANES * (_ORDER % 2)),
):
    _compile_one(_function, _permuted(_places.tolist()))
_compile_one(rotated, _rotated)
_compile_one(zero, _zero)
_compile_one(nothing, _nothing)


def _define_arithmetic(name: str, operation: Callable[[Any, Any], Any]) -> None:
    @type_callable(operation)
    def typer(_: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
        def typing(a: Any, b: Any) -> Any:
            return a if isinstance(a, Vector) and a == b else None

        return typing

    @lower_builtin(operation, Vector, Vector)
    def lower(_: Any, builder: Any, __: Any, arguments: Any) -> Any:  # pyright: ignore[reportUnusedFunction]
        return getattr(builder, name)(arguments[0], arguments[1], flags=_CONTRACT)


_define_arithmetic("fadd", operator.add)
_define_arithmetic("fmul", operator.mul)
