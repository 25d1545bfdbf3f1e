"""A plan as text: which gates became which blocks, in which stages."""

from __future__ import annotations

from collections.abc import Iterator

from qcompile.ir import Op, Program
from qcompile.targets.engine.fuse import Block
from qcompile.targets.engine.layout import CROSS, DIAGONAL, GENERAL, KIND, LANE, NESTED, PAIR, QUAD, WORD
from qcompile.targets.engine.plan import Plan

_KINDS = {
    DIAGONAL: "diagonal", LANE: "lanes", NESTED: "4 lanes", PAIR: "pair", CROSS: "cross", QUAD: "quad",
    GENERAL: "general", WORD: "word",
}  # fmt: skip
_SHOWN = 8  # gates of a block that are named
_AMPLITUDE = 16


def plan_text(program: Program, plan: Plan) -> str:
    """A line for each stage and each block: the qubits that it flips and reads, and its gates in order."""
    return "\n".join(_lines(plan, _names(program)))


def _lines(plan: Plan, names: list[str]) -> Iterator[str]:
    blocks = len(plan.packed.blocks)
    yield f"{plan.wires} qubits, {len(plan.ops)} gates in {blocks} blocks in {len(plan.stages)} stages"
    number = 0
    for index, (stage, members) in enumerate(plan.stages, 1):
        size = _readable(_AMPLITUDE << len(stage.bits))
        where = (
            "the whole state" if len(stage.bits) == plan.bits else f"tiles of {_wires(_mask(stage.bits), plan, names)}"
        )
        yield f"\nstage {index}: {len(members)} blocks on {where}, {size}"
        for block in members:
            kind = _KINDS[int(plan.packed.blocks[number, KIND])]
            flips, reads = (_wires(mask, plan, names) or "-" for mask in (block.flipped, block.read))
            yield f"  {kind:8}  flips {flips:14}  reads {reads:20}  {_gates(block, plan.ops)}"
            number += 1


def _gates(block: Block, ops: tuple[Op, ...]) -> str:
    found = [ops[factor] for factor in block.factors[:_SHOWN]]
    texts = ["".join("c" for _ in op.controls) + op.gate.name + _angles(op) for op in found]
    more = len(block.factors) - len(texts)
    return " ".join(texts) + (f" and {more} more" if more else "")


def _angles(op: Op) -> str:
    return f"({', '.join(map(str, op.angles))})" if op.angles else ""


def _wires(mask: int, plan: Plan, names: list[str]) -> str:
    return " ".join(name for wire, name in enumerate(names) if mask >> (plan.bits - 1 - wire) & 1)


def _mask(bits: tuple[int, ...]) -> int:
    return sum(1 << bit for bit in bits)


def _names(program: Program) -> list[str]:
    registers = (register for register in program.registers if register.is_quantum)
    return [
        r.name if r.size is None else f"{r.name}[{k}]" for r in registers for k in range(r.length)
    ]  # fmt: skip


def _readable(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size / 1024:g} KiB"
