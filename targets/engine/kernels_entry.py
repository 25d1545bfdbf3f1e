"""The one function that is compiled: what it is asked to do, with which arrays, as numbers at an address.

So calls pass two integers and need no Numba: the compiled code is kept as an object file, which `port.py` calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import carray, njit
from numba.core import types
from numba.extending import intrinsic

from qcompile.targets.engine import kernels
from qcompile.targets.engine.layout import (
    BLOCK_COLUMNS,
    FACTOR_COLUMNS,
    GROUP_COLUMNS,
    STAGE_COLUMNS,
    WORD_COLUMNS,
    Buffers,
    Packed,
    Task,
)
from qcompile.targets.engine.port import UNUSED
from qcompile.targets.simulator.options import Precision

# Arrays, whose types Numba finds out.
Array = Any

STATES: dict[Precision, Any] = {"double": np.float64, "single": np.float32}
KNOWN = {"cos", "sin", "memset", "memcpy", UNUSED}  # what the object file may call
_MOST = 64  # numbers of a call
_inlined = njit(nogil=True, error_model="numpy", forceinline=True)


def compiled(precision: Precision) -> tuple[str, bytes]:
    """The name of the function and the object file that holds it, for this processor."""
    signature = types.void(types.int64, types.int64)
    entry: Any = njit(signature, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(
        _entry(STATES[precision])
    )
    result = entry.overloads[signature.args]
    functions = result.library._final_module.functions
    foreign = {f.name for f in functions if f.is_declaration and not f.name.startswith("llvm.")} - KNOWN
    if foreign:  # by an operation of Numba's that allocates or raises
        raise AssertionError(f"the kernels call {sorted(foreign)}")
    return result.fndesc.llvm_func_name, result.library._get_compiled_object()


@intrinsic
def _pointer(_: Any, address: Any, dtype: Any) -> Any:
    kind = types.CPointer(dtype.instance_type)

    def generate(context: Any, builder: Any, __: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(kind))

    return kind(address, dtype), generate


@_inlined
def integers(a: Array, k: int) -> Array:
    """The array whose address and size are the numbers from k on."""
    return carray(_pointer(a[k], np.int64), (a[k + 1],))


@_inlined
def matrix(a: Array, k: int, columns: int) -> Array:
    return carray(_pointer(a[k], np.int64), (a[k + 1] // columns, columns))


@_inlined
def doubles(a: Array, k: int) -> Array:
    return carray(_pointer(a[k], np.float64), (a[k + 1],))


@_inlined
def grid(a: Array, k: int, columns: int) -> Array:
    return carray(_pointer(a[k], np.float64), (a[k + 1] // columns, columns))


@_inlined
def complexes(a: Array, k: int) -> Array:
    return carray(_pointer(a[k], np.complex128), (a[k + 1],))


def _entry(state: Any) -> Callable[[int, int], None]:
    """The function for states of this type."""

    @_inlined
    def reals(a: Array, k: int) -> Array:
        return carray(_pointer(a[k], state), (a[k + 1],))

    @_inlined
    def real_rows(a: Array, k: int, columns: int) -> Array:
        return carray(_pointer(a[k], state), (a[k + 1] // columns, columns))

    @_inlined
    def plan_at(address: int) -> Packed:
        a = carray(_pointer(address, np.int64), (_MOST,))
        return Packed(
            matrix(a, 0, STAGE_COLUMNS), matrix(a, 2, BLOCK_COLUMNS), matrix(a, 4, FACTOR_COLUMNS),
            matrix(a, 6, WORD_COLUMNS), matrix(a, 8, GROUP_COLUMNS), matrix(a, 10, STAGE_COLUMNS), integers(a, 12),
            integers(a, 14), complexes(a, 16), doubles(a, 18), integers(a, 20), integers(a, 22), doubles(a, 24),
            doubles(a, 26), reals(a, 28), reals(a, 30),
        )  # fmt: skip

    @_inlined
    def buffers_at(address: int) -> Buffers:
        a = carray(_pointer(address, np.int64), (_MOST,))
        return Buffers(
            doubles(a, 0), doubles(a, 2), reals(a, 4), reals(a, 6), doubles(a, 8), reals(a, 10), reals(a, 12),
            reals(a, 14), reals(a, 16), reals(a, 18), complexes(a, 20), doubles(a, 22), doubles(a, 24), doubles(a, 26),
        )  # fmt: skip

    def entry(task: int, address: int) -> None:
        a = carray(_pointer(address, np.int64), (_MOST,))
        if task == Task.START:
            kernels.start(reals(a, 0), a[2], a[3], a[4])
            return
        if task == Task.INTERLEAVE:
            kernels.interleave(reals(a, 0), reals(a, 2), a[4], a[5])
            return
        plan = plan_at(a[0])
        b = buffers_at(a[1])
        if task == Task.VALUE_AND_GRADIENT:
            kernels.value_and_gradient(
                plan, integers(a, 2), a[4], doubles(a, 5), integers(a, 7), doubles(a, 9), reals(a, 11), doubles(a, 13),
                doubles(a, 15), b,
            )  # fmt: skip
        elif task == Task.VALUES_AND_GRADIENTS:
            kernels.values_and_gradients(
                plan, integers(a, 2), a[4], grid(a, 5, a[7]), a[8], real_rows(a, 9, 8), grid(a, 11, 8),
                grid(a, 13, a[7]), a[15] != 0, a[16], a[17], b,
            )  # fmt: skip
        elif task == Task.PREPARE:
            kernels.prepare(plan, integers(a, 2), a[4] != 0, doubles(a, 5), a[7], b)
        elif task == Task.FORWARD:
            kernels.run_forward(plan, a[2], b)
        elif task == Task.FORWARD_TILES:
            kernels.forward_tiles(plan, a[2], a[3], a[4], 0, len(plan.blocks), b.ket, b.ket_tile, b.forward, b.work)
        elif task == Task.OBSERVE:
            kernels.run_observe(plan, a[2], a[3] != 0, reals(a, 4), doubles(a, 6), b)
        elif task == Task.OBSERVE_TILES:
            kernels.observe_tiles(
                plan, a[2], a[3], a[4], b.ket, b.bra, a[5] != 0, b.ket_tile, b.bra_tile, reals(a, 6), doubles(a, 8)
            )
        elif task == Task.BACKWARD:
            kernels.run_backward(plan, a[2], b)
        elif task == Task.BACKWARD_TILES:
            kernels.backward_tiles(
                plan, a[2], a[3], a[4], a[5], b.ket, b.bra, b.ket_tile, b.bra_tile, b.back, b.transitions, b.work
            )
        elif task == Task.SLOPES:
            kernels.run_slopes(plan, integers(a, 2), True, True, a[4], a[5], doubles(a, 6), b)
        elif task == Task.SHIFTED_ROWS:
            kernels.shifted_rows(
                plan, doubles(a, 2), a[4], integers(a, 5), integers(a, 7), integers(a, 9), integers(a, 11),
                doubles(a, 13), integers(a, 15), integers(a, 17), a[19], a[20], reals(a, 21), integers(a, 23),
                reals(a, 25), grid(a, 27, len(plan.outputs) - 1), b,
            )  # fmt: skip
        elif task == Task.VALUES_AND_KETS:
            kernels.values_and_kets(
                plan, integers(a, 2), grid(a, 4, a[6]), a[7], real_rows(a, 8, 8), grid(a, 10, 8),
                real_rows(a, 12, a[14]), real_rows(a, 15, a[17]), a[18], a[19], b,
            )  # fmt: skip
        elif task == Task.GRADIENTS_OF_KETS:
            kernels.gradients_of_kets(
                plan, integers(a, 2), a[4], grid(a, 5, a[7]), a[8], real_rows(a, 9, 8), grid(a, 11, 8),
                real_rows(a, 13, a[15]), real_rows(a, 16, a[18]), grid(a, 19, a[7]), a[21], a[22], b,
            )  # fmt: skip

    return entry
