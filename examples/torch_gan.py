"""A generative adversarial network with a quantum generator draws irises, beside one with a classical generator.

How well it draws is the energy distance of Székely & Rizzo (Journal of Statistical Planning and Inference 143, 1249,
2013) between what is drawn and what was kept for the test: 0 if they are of one distribution.

python examples/torch_gan.py [--steps 600] [--seed 0]
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch_training import Data, arguments, batches, loaded, seed, size_of

import qcompile as qc

SIZE = 32


def train(generator: nn.Module, real: Tensor, steps: int, start: int) -> None:
    """Each step the discriminator learns to tell drawn from real, then the generator to be taken for real."""
    noise = torch.Generator().manual_seed(start)
    discriminator = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    of_generator: Any = torch.optim.Adam(generator.parameters(), lr=0.01, betas=(0.5, 0.9))
    of_discriminator: Any = torch.optim.Adam(discriminator.parameters(), lr=0.02, betas=(0.5, 0.9))
    loss, true, false = nn.BCEWithLogitsLoss(), torch.ones(SIZE, 1), torch.zeros(SIZE, 1)
    for rows in batches(len(real), SIZE, steps, start):
        drawn = generator(torch.randn(SIZE, 4, generator=noise))
        of_discriminator.zero_grad()
        (loss(discriminator(real[rows]), true) + loss(discriminator(drawn.detach()), false)).backward()
        of_discriminator.step()
        of_generator.zero_grad()
        loss(discriminator(drawn), true).backward()
        of_generator.step()


def energy_distance(a: Tensor, b: Tensor) -> float:
    """Unbiased, so that it may come out below 0."""
    return float(2 * torch.cdist(a, b).mean()) - within(a) - within(b)


def within(rows: Tensor) -> float:
    """The mean distance of two different rows."""
    return float(torch.cdist(rows, rows).sum()) / (len(rows) * (len(rows) - 1))


def main() -> None:
    options = arguments(__doc__, steps=600)
    data = Data.of("iris", options.seed)
    print(f"between the rows trained on and those kept: {energy_distance(data.features, data.test_features):.3f}")
    seed(options.seed)
    generators = {
        "quantum": nn.Sequential(qc.torch.Layer(loaded("block.qc")), nn.Linear(4, 4)),
        "classical": nn.Sequential(nn.Linear(4, 4, bias=False), nn.Tanh(), nn.Linear(4, 4)),
    }
    for name, generator in generators.items():
        seed(options.seed)  # both meet the same discriminator
        train(generator, data.features, options.steps, options.seed)
        with torch.no_grad():
            drawn = generator(torch.randn(1000, 4, generator=torch.Generator().manual_seed(options.seed)))
        distance = energy_distance(drawn, data.test_features)
        print(f"{name:10} {size_of(generator):4} parameters, energy distance {distance:.3f}")


if __name__ == "__main__":
    main()
