"""A photonic block behind a dense layer tells irises apart, beside a classical network of the same size.

The modes give quadratures and photon numbers; the classical block gives its units and their squares.

python examples/torch_photonic.py [--steps 300] [--seed 0]
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_training import Data, arguments, compare, loaded, seed

import qcompile as qc


class Squares(nn.Module):
    """Two units and their squares, from two numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.units, self.scale = nn.Linear(2, 2), nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        found = self.units(x)
        return torch.cat([found, self.scale * found**2], dim=-1)


def network(block: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(4, 2), block, nn.Linear(4, 3))


def main() -> None:
    options = arguments(__doc__, steps=300)
    seed(options.seed)
    models = {"quantum": network(qc.torch.Layer(loaded("photonic_block.qc"))), "classical": network(Squares())}
    compare(models, Data.of("iris", options.seed), options)


if __name__ == "__main__":
    main()
