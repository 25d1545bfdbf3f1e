"""Layers of Gaussian blocks on moments and cotangents. What a block of w modes does touches 2w rows and columns of 2m.

Within a layer quadratures are numbered block by block, x and p of a mode together. With S and d the map r ↦ Sr + d of a
block, V ↦ SVSᵀ, a cotangent c of the means goes to S⁻ᵀc, and C of the covariance to S⁻ᵀCS⁻¹.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qcompile.targets.simulator.gaussian_layers import Layer, Readings, Rows, Turns
from qcompile.targets.simulator.gaussian_state import Moments, flow
from qcompile.targets.simulator.values import RealArray


@dataclass(frozen=True, slots=True, eq=False)
class Cotangents:
    """Of k outputs by the means, shape (k, B, 2m), and of those that see it by the covariance, (k', B, 2m, 2m).

    `curved` numbers the latter outputs. The matrices are symmetric.
    """

    means: RealArray
    covariance: RealArray
    curved: list[int]


def forward(layer: Layer, state: Moments, angles: RealArray) -> None:
    """Take the state over a layer, in place; angles of shape (B or 1, n)."""
    matrix, shift = _identity(layer, len(angles))
    for step in layer.steps:
        if isinstance(step, Turns):
            turn, push = _embedded(step, angles, 2 * layer.width)
            matrix[:, step.blocks] = turn @ matrix[:, step.blocks]
            shift[:, step.blocks] = _times(turn, shift[:, step.blocks]) + push
    means = state.means[:, :, layer.rows].reshape(*state.means.shape[:2], layer.blocks, 2 * layer.width)
    moved = _times(matrix[:, None], means) + shift[:, None]
    state.means[:, :, layer.rows] = moved.reshape(*state.means.shape[:2], -1)
    conjugate(state.covariance, layer.rows, matrix)


def backward(
    layer: Layer, state: Moments, cotangents: Cotangents, angles: RealArray, slots: RealArray, is_last: bool
) -> None:
    """Take state and cotangents over a layer of a schedule, in place, and add to slots, shape (slots, k, B).

    The gradients of a block follow from the part of 2VC on its own quadratures, which its gates conjugate.
    """
    matrix, _ = _identity(layer, len(angles))
    local = _Local.of(layer, state, cotangents)
    for step in layer.steps:
        match step:
            case Turns():
                turn, push = _embedded(step, angles, 2 * layer.width)
                matrix[:, step.blocks] = turn @ matrix[:, step.blocks]
                local.turn(step.blocks, turn, push)
            case Readings():
                local.read(step, slots, cotangents.curved)
    if is_last:
        return
    state.means[:, 0, layer.rows] = local.means.reshape(len(local.means), -1)
    cotangents.means[:, :, layer.rows] = local.bras.reshape(*local.bras.shape[:2], -1)
    conjugate(state.covariance, layer.rows, matrix)
    conjugate(cotangents.covariance, layer.rows, _inverse(matrix).swapaxes(-1, -2))


def conjugate(matrix: RealArray, rows: Rows, maps: RealArray) -> None:
    """X ↦ SXSᵀ in place for symmetric X of shape (…, 2m, 2m): S block by block on the rows, shape (B or 1, G, 2w, 2w).

    Only rows and columns of the blocks are touched, and the columns are the rows transposed.
    """
    if not matrix.size:
        return
    *batch, size, _ = matrix.shape
    parts = maps.shape[1], maps.shape[2]
    moved = (maps @ matrix[..., rows, :].reshape(*batch, *parts, size)).reshape(*batch, -1, size)
    inner = moved[..., rows].swapaxes(-1, -2)
    square = (maps @ inner.reshape(*batch, *parts, -1)).reshape(inner.shape)
    if inner.shape[-1] == size and isinstance(rows, slice):
        matrix[...] = square
        return
    moved[..., rows] = square
    matrix[..., rows, :] = moved
    matrix[..., rows] = moved.swapaxes(-1, -2)


@dataclass(slots=True, eq=False)
class _Local:
    """A layer's own part: means (B, G, 2w), their cotangents (k, B, G, 2w), and 2VC, shape (k', B, G, 2w, 2w)."""

    means: RealArray
    bras: RealArray
    products: RealArray

    @classmethod
    def of(cls, layer: Layer, state: Moments, cotangents: Cotangents) -> _Local:
        parts, size = (layer.blocks, 2 * layer.width), state.covariance.shape[-1]
        means = state.means[:, 0, layer.rows].reshape(-1, *parts)
        bras = cotangents.means[:, :, layer.rows].reshape(*cotangents.means.shape[:2], *parts)
        seen = cotangents.covariance if layer.reads else cotangents.covariance[:0]
        left = state.covariance[:, layer.rows].reshape(-1, *parts, size)
        right = seen[:, :, layer.rows].reshape(*seen.shape[:2], *parts, size)
        return cls(means.copy(), bras.copy(), 2 * (left @ right.swapaxes(-1, -2)))

    def turn(self, blocks: Rows, matrix: RealArray, push: RealArray) -> None:
        inverse = _inverse(matrix)
        self.means[:, blocks] = _times(matrix, self.means[:, blocks]) + push
        self.bras[:, :, blocks] = _times(inverse.swapaxes(-1, -2), self.bras[:, :, blocks])
        if self.products.size:
            self.products[:, :, blocks] = matrix @ self.products[:, :, blocks] @ inverse

    def read(self, step: Readings, slots: RealArray, curved: list[int]) -> None:
        """c·(A r + b) + tr(C(AV + VAᵀ)), and the latter is tr(A·2VC)."""
        moved = _times(step.linear, self.means[:, step.blocks]) + step.constant
        found: RealArray = np.sum(self.bras[:, :, step.blocks] * moved, axis=-1)
        if self.products.size:
            transposed = self.products[:, :, step.blocks].swapaxes(-1, -2)
            found[curved] += np.sum(step.linear * transposed, axis=(-2, -1))
        np.add.at(slots, step.numbers, found.transpose(2, 0, 1))


def _identity(layer: Layer, batch: int) -> tuple[RealArray, RealArray]:
    """The map r ↦ Sr + d of each block so far."""
    shape = batch, layer.blocks, 2 * layer.width
    return np.broadcast_to(np.eye(shape[-1]), (*shape, shape[-1])).copy(), np.zeros(shape)


def _embedded(step: Turns, angles: RealArray, size: int) -> tuple[RealArray, RealArray]:
    """S and d of the step's gates on all quadratures of their blocks, shapes (b, g, 2w, 2w) and (b, g, 2w)."""
    chosen = angles[:, step.numbers]
    own, push = flow(step.generator, step.places.shape[1] // 2, chosen.reshape(-1))
    blocks = np.arange(chosen.shape[1], dtype=np.intp)[:, None]
    matrix = np.broadcast_to(np.eye(size), (*chosen.shape, size, size)).copy()
    matrix[:, blocks[:, :, None], step.places[:, :, None], step.places[:, None, :]] = own.reshape(
        *chosen.shape, *own.shape[1:]
    )
    shift = np.zeros((*chosen.shape, size))
    shift[:, blocks, step.places] = push.reshape(*chosen.shape, -1)
    return matrix, shift


def _inverse(matrix: RealArray) -> RealArray:
    """Of a symplectic matrix, shape (…, 2w, 2w): S⁻¹ = −ΩSᵀΩ."""
    other = np.arange(matrix.shape[-1], dtype=np.intp).reshape(-1, 2)[:, ::-1].ravel()
    signs = np.tile([1.0, -1.0], matrix.shape[-1] // 2)
    inverse: RealArray = signs[:, None] * signs * matrix.swapaxes(-1, -2)[..., other, :][..., other]
    return inverse


def _times(matrix: RealArray, vectors: RealArray) -> RealArray:
    product: RealArray = (matrix @ vectors[..., None])[..., 0]
    return product
