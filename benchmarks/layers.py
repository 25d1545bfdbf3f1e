"""What a framework adds to the engine's own time, and a training step beside other libraries' layers.

    python benchmarks/layers.py

Overhead: one step of a layer on 4 qubits with a batch of one (value, gradient by all parameters), less the engine's own
call, in every framework that is installed. Beside it the same step with the sum of the parameters in the layer's place:
what the framework takes for any operation. Step: W4 with 256 inputs, the mean of ⟨Z0⟩ over them and its gradient, as a
training step in PyTorch, beside the engine's own call with weights. Another library's row is there where it is
installed. Gradients are compared first. One thread; minima in milliseconds of processor time, taken in turns.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from programs import program
from workloads import Workload, workload

import qcompile as qc

ROUNDS, REPEATS = 200, 5
OVERHEAD, RATIO = 0.2, 1.3  # milliseconds; times the engine's own call
Step = Callable[[], Any]
TORCH: Any = torch


def main() -> None:
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    overhead()
    step()


def overhead() -> None:
    task = workload("W1-4-4")
    function = qc.value_and_grad(program(task), threads=1)
    angles = task.angles()
    print("4 qubits, one row")
    for name, made in FRAMEWORKS.items():
        if importlib.util.find_spec(name.partition(",")[0].lower()) is not None:
            own, spent, bare = times([partial(function.at, angles), *made(task)])
            added, beside = spent - own, spent - own - bare
            print(f"{name}: {spent:.3f}, added {added:.3f} of {OVERHEAD}, {beside:.3f} beside {bare:.3f}")


def in_torch(task: Workload) -> tuple[Step, Step]:
    parameter = torch.nn.Parameter(TORCH.from_numpy(task.angles()))

    def bare() -> Any:
        parameter.grad = None
        total: Any = parameter.sum()
        total.backward()
        return parameter.grad

    return ours(task), bare


def in_jax(task: Workload) -> tuple[Step, Step]:
    jax: Any = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    call, angles = qc.jax.function(program(task), threads=1), jax.numpy.asarray(task.angles())

    def stepped(function: Any) -> Step:
        step = jax.jit(jax.value_and_grad(function))
        return lambda: jax.block_until_ready(step(angles))

    return stepped(call), stepped(jax.numpy.sum)


def in_keras(task: Workload, in_graph: bool) -> tuple[Step, Step]:
    tf: Any = importlib.import_module("tensorflow")
    keras: Any = importlib.import_module("keras")
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    made: Any = qc.tensorflow.Layer
    layer = made(program(task), initial={"p": task.angles()}, dtype="float64", threads=1)

    class Bare(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            whole: Any = super()
            whole.__init__(dtype="float64")
            self.p = self.add_weight(shape=(task.parameters,))

        def call(self, inputs: Any = None) -> Any:  # noqa: ARG002
            return tf.reduce_sum(self.p)

    def stepped(module: Any) -> Step:
        def step() -> Any:
            with tf.GradientTape() as tape:
                value = module()
            return tape.gradient(value, module.trainable_weights)

        call: Step = tf.function(step) if in_graph else step
        return call

    return stepped(layer), stepped(Bare())


def step() -> None:
    task = workload("W4-256")
    function = qc.value_and_grad(program(task), threads=1)
    shared = np.broadcast_to(task.angles(), (task.batch, task.parameters))
    rows, weights = np.concatenate([shared, task.data()], axis=1), np.full(task.batch, 1 / task.batch)
    steps: dict[str, Step] = {"the engine's own call": lambda: function.at(rows, weights), "qcompile": ours(task)}
    for name, package, made in PEERS:
        if importlib.util.find_spec(package) is not None:
            steps[name] = made(task)
    _, expected = function.at(rows, weights)
    for name, call in list(steps.items())[1:]:
        distance = float(np.abs(call().numpy() - expected[: task.parameters]).max())
        if distance > (1e-5 if "complex64" in name else 1e-10):
            raise SystemExit(f"{name}: gradients differ by {distance:.1e}")
    found = dict(zip(steps, times(list(steps.values())), strict=True))
    own = found["the engine's own call"]
    for name, spent in found.items():
        print(f"W4-256, {name}: {spent:.2f}, {spent / own:.2f} of the engine's own call")
    print(f"a step may cost {RATIO} of it")


def ours(task: Workload) -> Step:
    layer = qc.torch.Layer(program(task), initial={"p": task.angles()}, threads=1)
    given = [TORCH.from_numpy(task.data())] if task.batch else []
    return stepped(layer, given)


def stepped(module: torch.nn.Module, given: list[torch.Tensor]) -> Step:
    """A training step but for the optimizer's own work; it gives the gradient by the only parameter."""
    (parameter,) = module.parameters()

    def call() -> Any:
        parameter.grad = None
        module(*given).mean().backward()
        return parameter.grad

    return call


def pennylane(task: Workload) -> Step:
    """TorchLayer on Lightning, differentiated by its adjoint method."""
    qml: Any = importlib.import_module("pennylane")
    lightning: Any = importlib.import_module("peers.lightning")
    device, measured = qml.device("lightning.qubit", wires=task.qubits), lightning.observable(task)

    def circuit(inputs: Any, p: Any) -> Any:
        lightning.apply(task.gates, p, [inputs[..., k] for k in range(task.inputs)])
        return qml.expval(measured)

    node = qml.QNode(circuit, device, interface="torch", diff_method="adjoint")
    layer = qml.qnn.TorchLayer(node, {"p": (task.parameters,)}, {"p": TORCH.from_numpy(task.angles())})
    return stepped(layer, [TORCH.from_numpy(task.data())])


def torchquantum(task: Workload) -> Step:
    """A module on its own statevector, in complex64, which is what it has."""
    tq: Any = importlib.import_module("torchquantum")
    functions: Any = importlib.import_module("torchquantum.functional")
    places = [wire for _, word in task.terms for _, wire in word]

    class Circuit(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.p = torch.nn.Parameter(TORCH.from_numpy(task.angles()).float())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            device = tq.QuantumDevice(n_wires=task.qubits, bsz=len(x), device="cpu")
            for gate in task.gates:
                apply: Any = getattr(functions, {"cx": "cnot"}.get(gate.name, gate.name))
                if gate.parameter is not None:
                    apply(device, wires=list(gate.wires), params=self.p[gate.parameter].expand(len(x), 1))
                elif gate.data is not None:
                    apply(device, wires=list(gate.wires), params=x[:, gate.data : gate.data + 1])
                else:
                    apply(device, wires=list(gate.wires))
            found: torch.Tensor = tq.expval_joint_analytical(
                device, "".join("Z" if w in places else "I" for w in range(task.qubits))
            )
            return found

    return stepped(Circuit(), [TORCH.from_numpy(task.data()).float()])


FRAMEWORKS: dict[str, Callable[[Workload], tuple[Step, Step]]] = {
    "Torch": in_torch,
    "JAX, jit": in_jax,
    "TensorFlow, graph": partial(in_keras, in_graph=True),
    "TensorFlow, eager": partial(in_keras, in_graph=False),
}
PEERS: tuple[tuple[str, str, Callable[[Workload], Step]], ...] = (
    ("PennyLane, TorchLayer on Lightning", "pennylane", pennylane),
    ("TorchQuantum, complex64", "torchquantum", torchquantum),
)


def times(steps: list[Step]) -> list[float]:
    """The least that each takes, in milliseconds, in turns, so that what disturbs one disturbs the others."""
    best = [float("inf")] * len(steps)
    slow = [False] * len(steps)
    for _ in range(ROUNDS):
        for place, call in enumerate(steps):
            if slow[place]:
                continue
            start = time.process_time()
            for _ in range(REPEATS if best[place] < 0.02 else 1):
                call()
            spent = (time.process_time() - start) / (REPEATS if best[place] < 0.02 else 1)
            best[place] = min(best[place], spent)
            slow[place] = spent > 1  # seconds: a few samples are enough
    return [1000 * spent for spent in best]


if __name__ == "__main__":
    main()
