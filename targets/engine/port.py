"""Calls of the compiled kernels: arrays go in as their addresses and sizes."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qcompile.targets.engine.layout import Buffers, Packed, Task

Array: TypeAlias = NDArray[Any]
Argument: TypeAlias = Array | Packed | Buffers | int | bool
UNUSED = "NRT_MemInfo_call_dtor"  # what frees an array that Numba allocated, of which there are none


class Port:
    """The one function of an object file, loaded.

    Args:
        name: of the function, which takes a task and the address of its arguments.
        code: the object file.
    """

    def __init__(self, name: str, code: bytes) -> None:
        from llvmlite import binding

        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        abort = ctypes.cast(ctypes.CDLL(None).abort, ctypes.c_void_p).value
        binding.add_symbol(UNUSED, abort)
        target = binding.Target.from_default_triple().create_target_machine(jit=True)
        self._engine = binding.create_mcjit_compiler(binding.parse_assembly(""), target)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        prototype = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 2)
        self._function = prototype(self._engine.get_function_address(name))
        self._nothing = ctypes.create_string_buffer(16)  # where a result and an exception would go
        self._places = ctypes.addressof(self._nothing), ctypes.addressof(self._nothing) + 8

    def __call__(self, task: Task, *arguments: Argument) -> None:
        call = Call(arguments)
        self.run(task, call)

    def run(self, task: Task, call: Call) -> None:
        """A call whose arguments were laid out before."""
        if self._function(*self._places, task, call.address):
            raise AssertionError("a kernel raised an exception")


class Call:
    """Arguments as numbers in memory, and all that these point to."""

    __slots__ = ("_kept", "address")

    def __init__(self, arguments: Iterable[Argument]) -> None:
        self._kept: list[Any] = []
        numbers: list[int] = []
        for argument in arguments:
            if isinstance(argument, int):
                numbers.append(argument)
            elif isinstance(argument, tuple):
                numbers.append(self._laid([number for array in argument for number in self._of(array)]))
            else:
                numbers += self._of(argument)
        self.address = self._laid(numbers)

    def _of(self, array: Array) -> tuple[int, int]:
        """Its address and size."""
        if not array.flags.c_contiguous:
            raise AssertionError("kernels take arrays without gaps")
        self._kept.append(array)
        return array.__array_interface__["data"][0], array.size

    def _laid(self, numbers: list[int]) -> int:
        laid = np.array(numbers, dtype=np.int64)
        return self._of(laid)[0]
