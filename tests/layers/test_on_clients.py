"""Layers whose program runs on a client: one submission a batch, and the simulator's numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import qcompile as qc
from qcompile.targets.clients.qiskit import Statevector

TEXT = (
    "qubit q[2]; param w[2]; input d; ry(d) q[0]; rx(w[0]) q[1]; cx q[0], q[1]; ry(2*w[1]) q[1]; ry(w[0]) q[0];"
    " return expect(Z[0] X[1] + 0.5*Z[1]), expect(Y[0] Y[1]);"
)


def parsed(text: str) -> qc.Program:
    program = qc.parse(text)
    assert isinstance(program, qc.Program)
    return program


@pytest.mark.parametrize("by_name", [True, False])
def test_a_layer_on_qiskit(by_name: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Would catch a client object that is not passed on, other numbers, and a submission for each row or direction."""
    client, runs = Statevector(), list[int]()
    run = Statevector.run

    def counted(self: Statevector, *arguments: object) -> object:
        runs.append(1)
        return run(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Statevector, "run", counted)
    there = qc.torch.Layer(parsed(TEXT), seed=1, on="qiskit" if by_name else client).double()
    here = qc.torch.Layer(parsed(TEXT), seed=1).double()
    x = torch.linspace(0.1, 1.3, 4, dtype=torch.float64).reshape(4, 1).requires_grad_()
    found, expected = list[torch.Tensor](), list[torch.Tensor]()
    for layer, slopes in ((there, found), (here, expected)):
        values = layer(x)
        weight = torch.arange(values.numel(), dtype=torch.float64).reshape(values.shape)
        slopes += [values.detach(), *torch.autograd.grad((values * weight).sum(), [x, *layer.parameters()])]
    assert len(runs) == 1
    for one, other in zip(found, expected, strict=True):
        assert np.allclose(one.numpy(), other.numpy(), rtol=0, atol=1e-9)
