"""Passes: maps from module to module that optimise, legalise and differentiate."""

from __future__ import annotations

from qcompile.passes.cancel_inverses import CancelInverses
from qcompile.passes.cost import Cost, cost
from qcompile.passes.dead_uncompute import DeadUncompute
from qcompile.passes.differentiate import Differentiate
from qcompile.passes.fold_constants import FoldConstants
from qcompile.passes.inline import Inline
from qcompile.passes.legalize import Legalize
from qcompile.passes.light_cone import LightCone
from qcompile.passes.merge_rotations import MergeRotations
from qcompile.passes.optimize import Optimize
from qcompile.passes.pipeline import PASSES, Pipeline, lowering, pass_text, pipeline
from qcompile.passes.rewrite import Pass, map_programs
from qcompile.passes.slice_cones import SliceCones

__all__ = [
    "PASSES",
    "CancelInverses",
    "Cost",
    "DeadUncompute",
    "Differentiate",
    "FoldConstants",
    "Inline",
    "Legalize",
    "LightCone",
    "MergeRotations",
    "Optimize",
    "Pass",
    "Pipeline",
    "SliceCones",
    "cost",
    "lowering",
    "map_programs",
    "pass_text",
    "pipeline",
]
