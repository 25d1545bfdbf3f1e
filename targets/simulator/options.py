"""How a program is simulated, and how much memory that may take."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from qcompile.diagnostics import Code, CompileError, error
from qcompile.ir import Program

EngineName: TypeAlias = Literal["auto", "fused", "tensor", "gaussian", "density", "trajectories", "stabilizer", "mps"]
Precision: TypeAlias = Literal["double", "single"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
SWEEPING: tuple[EngineName, ...] = ("auto", "fused", "tensor", "gaussian")  # those that an adjoint derivative runs on
BYTES = 16  # one complex amplitude
TRAJECTORIES = 1000  # that are followed where no number is given
_OTHERS = (
    "declare fewer wires; or take the engine `stabilizer`, if all gates are Clifford, or `mps`, if they entangle little"
)


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of the simulator.

    Args:
        cutoff: levels kept per qumode: photon numbers 0 … cutoff − 1. The Gaussian engine has none.
        shots: outcomes drawn per setting, all of them of runs that post-selection keeps; None computes exact values.
            The engine `trajectories` follows so many, 1000 unless said otherwise, and gives means over them.
        seed: of the shots; the same seed gives the same shots.
        bond: the engine `mps` cuts bonds to this width, and what it cuts off makes results approximate; None cuts none.
        engine: `auto` takes the one that covers the program at the least cost, exactly; see docs/simulators.md.
        precision: of the amplitudes in the engine `fused`.
        threads: that the engine `fused` may take; None: as many as the process has processors.

    Raises:
        CompileError: UNKNOWN_OPTION.
    """

    cutoff: int = 10
    shots: int | None = None
    seed: int | None = None
    engine: EngineName = "auto"
    bond: int | None = None
    precision: Precision = "double"
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.cutoff < 2:
            raise error(Code.UNKNOWN_OPTION, f"a cutoff of {self.cutoff}", help="keep at least 2 levels per qumode")
        if self.shots is not None and self.shots < 1:
            raise error(Code.UNKNOWN_OPTION, f"{self.shots} shots", help="take one or more, or none for exact values")
        if self.seed is not None and self.seed < 0:
            raise error(Code.UNKNOWN_OPTION, f"the seed {self.seed}", help="seeds are not negative")
        if self.threads is not None and self.threads < 1:
            raise error(Code.UNKNOWN_OPTION, f"{self.threads} threads", help="take one or more")
        if self.precision not in PRECISIONS:
            raise error(Code.UNKNOWN_OPTION, f"no precision `{self.precision}`", help=f"take {' or '.join(PRECISIONS)}")
        if self.engine not in ENGINES:
            raise error(Code.UNKNOWN_OPTION, f"no engine `{self.engine}`", help=f"engines: {', '.join(ENGINES)}")
        if self.bond is not None and (self.bond < 1 or self.engine != "mps"):
            raise error(Code.UNKNOWN_OPTION, f"a bond of {self.bond}", help="give one or more, with the engine `mps`")

    @property
    def runs(self) -> int | None:
        """How many runs are made, for shots or for trajectories."""
        return TRAJECTORIES if self.engine == "trajectories" and self.shots is None else self.shots


def check_sweeping(options: Options) -> None:
    """Raises METHOD, where the engine asked for keeps no states that a sweep could walk."""
    if options.engine not in SWEEPING:
        label = f"the engine `{options.engine}` keeps no states to walk along"
        raise error(Code.METHOD, label, help="use `--method shift`, or leave out the engine")


def memory_limit() -> int:
    """Half of the memory that is free now, in bytes; 1 GiB where the system does not say."""
    try:
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")) // 2
    except (ValueError, OSError, AttributeError):
        return 1 << 30


def amplitudes(program: Program, cutoff: int, hidden: int = 0) -> int:
    """The size of the program's state vector. Nothing is allocated, however many wires are declared.

    Args:
        hidden: qumodes that the simulator adds.

    Raises:
        CompileError: TOO_LARGE, where it would not fit any machine.
    """
    bits = sum(_bits(register.kind, cutoff) * register.length for register in program.registers)
    bits += hidden * math.log2(cutoff)
    if bits > 48:
        raise too_large(2.0 ** (min(bits, 1000.0)) * BYTES, program)
    size: int = cutoff**hidden
    for register in program.registers:
        if register.is_quantum:
            size *= (2 if register.kind == "qubit" else cutoff) ** register.length
    return size


def too_large(needed: float, program: Program) -> CompileError:
    """The diagnostic of a simulation that takes `needed` bytes."""
    quantum = [register for register in program.registers if register.is_quantum]
    span, kinds = next((register.span for register in quantum), None), {register.kind for register in quantum}
    return error(
        Code.TOO_LARGE,
        f"simulating it takes {_readable(needed)}; {_readable(memory_limit())} may be used",
        span,
        "declare fewer wires, or lower the cutoff of the qumodes" if "qumode" in kinds else _OTHERS,
    )


def _bits(kind: str, cutoff: int) -> float:
    return {"qubit": 1.0, "qumode": math.log2(cutoff)}.get(kind, 0.0)


def _readable(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1e} PiB" if size < 1e12 else "more than any machine has"
