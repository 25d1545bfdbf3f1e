"""An LSTM with a quantum cell reads digits row by row, beside one whose cell has a classical layer of the same size.

python examples/torch_lstm.py [--steps 150] [--seed 0]
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_training import Data, arguments, compare, loaded, seed

import qcompile as qc

PIXELS, HIDDEN, CLASSES = 8, 8, 3


class Reader(nn.Module):
    """A long short-term memory over the rows of a picture, its gates from an inner layer between two dense ones."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.before, self.inner, self.after = nn.Linear(PIXELS + HIDDEN, 4), inner, nn.Linear(4, 4 * HIDDEN)
        self.classes = nn.Linear(HIDDEN, CLASSES)

    def forward(self, pictures: Tensor) -> Tensor:
        rows = pictures.reshape(-1, 8, PIXELS)
        shown = memory = torch.zeros(len(rows), HIDDEN)
        for k in range(rows.shape[1]):
            seen = torch.cat([rows[:, k], shown], dim=1)
            gates: Tensor = self.after(self.inner(self.before(seen)))
            kept, taken, given, new = gates.chunk(4, dim=1)
            memory = torch.sigmoid(kept) * memory + torch.sigmoid(taken) * torch.tanh(new)
            shown = torch.sigmoid(given) * torch.tanh(memory)
        found: Tensor = self.classes(shown)
        return found


def main() -> None:
    options = arguments(__doc__, steps=150)
    seed(options.seed)
    models = {
        "quantum": Reader(qc.torch.Layer(loaded("block.qc"))),
        "classical": Reader(nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh())),
    }
    compare(models, Data.of("digits", options.seed, CLASSES), options)


if __name__ == "__main__":
    main()
