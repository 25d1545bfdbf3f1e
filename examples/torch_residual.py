"""A residual network with a quantum block tells tumours apart, beside one with a classical block of the same size.

python examples/torch_residual.py [--steps 300] [--seed 0]
"""

from __future__ import annotations

from torch import nn
from torch_training import Data, Residual, arguments, compare, loaded, seed

import qcompile as qc


def network(block: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(30, 4), Residual(block), nn.Linear(4, 2))


def main() -> None:
    options = arguments(__doc__, steps=300)
    seed(options.seed)
    models = {
        "quantum": network(qc.torch.Layer(loaded("block.qc"))),
        "classical": network(nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh())),
    }
    compare(models, Data.of("cancer", options.seed), options)


if __name__ == "__main__":
    main()
