"""A convolution, a quantum block and a dense layer read digits, in PyTorch, beside a classical network.

python examples/torch_digits.py [--steps 600] [--seed 0]
"""

from __future__ import annotations

from torch import nn
from torch_training import Data, arguments, compare, loaded, seed

import qcompile as qc


def network(block: nn.Module) -> nn.Module:
    filters = nn.Sequential(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.Flatten())
    return nn.Sequential(filters, nn.Linear(36, 4), block, nn.Linear(4, 10))


def main() -> None:
    options = arguments(__doc__, steps=600)
    seed(options.seed)
    classical = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh())
    models = {"quantum": network(qc.torch.Layer(loaded("block.qc"))), "classical": network(classical)}
    compare(models, Data.of("digits", options.seed), options)


if __name__ == "__main__":
    main()
