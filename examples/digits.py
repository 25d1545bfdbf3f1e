"""What the examples on written digits share: options, the images that scikit-learn ships, and what is printed."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets

import qcompile as qc

Array = NDArray[Any]
KEPT = 450  # images for the test


@dataclass(frozen=True)
class Digits:
    """Images of shape (count, 8, 8, 1), standardised, and what they show."""

    images: Array
    classes: Array
    test_images: Array
    test_classes: Array

    @classmethod
    def of(cls, seed: int) -> Digits:
        """Shuffled by the seed."""
        found: Any = datasets.load_digits()
        rows = np.random.default_rng(seed).permutation(len(found.target))
        images = found.images[rows][..., np.newaxis].astype(np.float32)
        images = (images - images[KEPT:].mean()) / images[KEPT:].std()
        classes = found.target[rows].astype(np.int32)
        return cls(images[KEPT:], classes[KEPT:], images[:KEPT], classes[:KEPT])


def block() -> qc.Program:
    """Four numbers to four, with sixteen parameters."""
    program = qc.load(Path(__file__).with_name("block.qc"))
    if not isinstance(program, qc.Program):
        raise TypeError("block.qc holds a derivative")
    return program


def options(description: str | None, steps: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=steps, help="of training")
    parser.add_argument("--samples", type=int, default=len(datasets.load_digits().target), help="to train with")
    parser.add_argument("--seed", type=int, default=0, help="of the data, the start values and the batches")
    return parser.parse_args()


def report(name: str, size: int, scores: Array, data: Digits) -> None:
    """One line, from scores of shape (images, classes) for the images kept for the test."""
    accuracy = float((np.asarray(scores).argmax(axis=-1) == data.test_classes).mean())
    print(f"{name:10} {size:4} parameters, test accuracy {accuracy:.3f}")
