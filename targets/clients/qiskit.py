"""Qiskit's primitives V2: estimators of outputs without shots, and samplers of settings with shots.

The text of a bundle is loaded, and brought to a backend's instruction set, once; values are bound when it is run.
"""

from __future__ import annotations

import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from qcompile.diagnostics import Code, did_you_mean, error
from qcompile.ir import Program, Samples
from qcompile.targets.bundle import Bundle
from qcompile.targets.clients.points import Points, manifest_of, points_of
from qcompile.targets.clients.protocol import Estimates, Loaded
from qcompile.targets.clients.qiskit_circuits import Circuit, bits_of, estimator_pub, load, pieces, sampler_pubs
from qcompile.targets.clients.refusals import check_measured_last, check_probabilities
from qcompile.targets.clients.tally import check_shots, tallied
from qcompile.targets.clients.words import combined
from qcompile.targets.simulator.values import RealArray

_SEED = 0  # of what a pass manager and a generic backend draw: the same circuits on each run


class _PrimitivesV2(ABC):
    """One call of one primitive for all rows of all templates at all values."""

    title = "Qiskit"
    language = "openqasm3"
    exact: ClassVar[bool] = True  # the estimator computes exactly, asked for the precision 0
    dropped: ClassVar[tuple[str, ...]] = ()  # gates that lose parameters which are bound as they run
    pass_manager: Any = None

    def __init__(self) -> None:
        self._loaded = Loaded[Mapping[str, Circuit]]()

    @abstractmethod
    def estimator(self) -> Any:
        """An estimator, or None where there is none."""

    @abstractmethod
    def sampler(self, seed: int | None) -> Any:
        """A sampler, or None where there is none."""

    def check(self, program: Program, exact: bool) -> None:
        if exact:
            check_probabilities(program, self.title)

    def run(self, bundle: Bundle, values: Mapping[str, RealArray], shots: int | None, seed: int | None) -> Estimates:
        circuits = self._loaded.of(bundle, self._load)
        points = points_of(bundle, values)
        if shots is None:
            return _estimated(self.estimator(), circuits, points, 0.0 if self.exact else None, self.title)
        sampler = self.sampler(seed)
        if sampler is None:
            return _estimated(self.estimator(), circuits, points, shots**-0.5, self.title)
        check_shots(manifest_of(bundle), shots)
        return _sampled(sampler, circuits, points, shots)

    def _load(self, bundle: Bundle) -> Mapping[str, Circuit]:
        return load(bundle, self.pass_manager, self.dropped)


class Statevector(_PrimitivesV2):
    """Qiskit's reference primitives, which keep state vectors."""

    def estimator(self) -> Any:
        return _primitives().StatevectorEstimator()

    def sampler(self, seed: int | None) -> Any:
        stream = np.random.default_rng(seed)  # from a number, each row would draw the same shots
        return _primitives().StatevectorSampler(seed=stream)

    def check(self, program: Program, exact: bool) -> None:
        super().check(program, exact)
        if not exact:
            check_measured_last(program, "Qiskit's StatevectorSampler", "run it on `aer`")


class Backend(_PrimitivesV2):
    """A backend as Aer simulates it: with its noise, its gates and its couplings.

    Without shots expectations are exact for that noise, by density matrices, and errors of its readout are left out.

    Args:
        backend: a BackendV2, such as `GenericBackendV2(5)`, a fake one or one of hardware; or an AerSimulator.
        level: how much Qiskit optimises on the way to the backend's gates.
    """

    title = "Qiskit Aer"
    dropped = ("crx", "cry", "crz", "cp")  # Aer 0.18

    def __init__(self, backend: Any, level: int = 1) -> None:
        super().__init__()
        simulator = importlib.import_module("qiskit_aer").AerSimulator
        self.simulator: Any = backend if isinstance(backend, simulator) else simulator.from_backend(backend)
        self.pass_manager = importlib.import_module("qiskit.transpiler").generate_preset_pass_manager(
            level, backend=backend, seed_transpiler=_SEED
        )
        noise = self.simulator.options.noise_model
        self._exactly: Any = self.simulator
        if noise is not None:  # else Aer may choose to draw trajectories
            self._exactly = simulator(method="density_matrix", noise_model=noise)

    def estimator(self) -> Any:
        return _aer().EstimatorV2.from_backend(self._exactly)

    def sampler(self, seed: int | None) -> Any:
        return _aer().SamplerV2.from_backend(self.simulator, seed=seed)


class Primitives(_PrimitivesV2):
    """Primitives V2 that are handed over, such as those of IBM Runtime, which hold the device and the account.

    Without shots the estimator goes by its own precision. With them the sampler is asked, or where there is none the
    estimator, for the precision 1/√shots. Seeds are the primitives' own.

    Args:
        pass_manager: brings circuits to the backend's instruction set; observables follow its layout.
    """

    exact = False
    is_seeded = False

    def __init__(self, estimator: Any = None, sampler: Any = None, pass_manager: Any = None) -> None:
        super().__init__()
        self.pass_manager = pass_manager
        self._estimator, self._sampler = estimator, sampler

    def check(self, program: Program, exact: bool) -> None:
        super().check(program, exact)
        for output in program.outputs if self._sampler is None else ():
            if isinstance(output, Samples):
                raise error(Code.NOT_SIMULABLE, "an estimator draws no samples", output.span, "give it a sampler")

    def estimator(self) -> Any:
        return self._estimator

    def sampler(self, seed: int | None) -> Any:
        if seed is not None:
            label = "primitives that are handed over keep their own seeds"
            raise error(Code.UNKNOWN_OPTION, label, help="leave out the seed, and set it where they are made")
        return self._sampler


def aer() -> Backend:
    """Aer without noise."""
    return Backend(importlib.import_module("qiskit_aer").AerSimulator(), level=0)


def named(backend: str) -> Backend:
    """A backend with noise: `generic_5` has five qubits; `fake_manila` and its like are copies of IBM's devices.

    Raises:
        CompileError: UNKNOWN_OPTION; MISSING_CLIENT, for the copies.
    """
    kind, _, size = backend.partition("_")
    if kind == "generic" and size.isdecimal() and int(size) > 0:
        made = importlib.import_module("qiskit.providers.fake_provider").GenericBackendV2
        return Backend(made(int(size), seed=_SEED, control_flow=True))
    if kind != "fake":
        raise error(Code.UNKNOWN_OPTION, f"no backend `{backend}`", help="name one as generic_5 or fake_manila")
    if importlib.util.find_spec("qiskit_ibm_runtime") is None:
        label = f"the backend `{backend}` needs the package `qiskit_ibm_runtime`"
        raise error(Code.MISSING_CLIENT, label, help="pip install 'qcompile[ibm]'")
    provider = importlib.import_module("qiskit_ibm_runtime.fake_provider").FakeProviderForBackendV2()
    known = {each.name: each for each in provider.backends()}
    if backend not in known:
        advice = did_you_mean(backend, known) or f"backends: {', '.join(sorted(known))}"
        raise error(Code.UNKNOWN_OPTION, f"no backend `{backend}`", help=advice)
    return Backend(known[backend])


def _estimated(
    estimator: Any, circuits: Mapping[str, Circuit], points: Sequence[Points], precision: float | None, title: str
) -> Estimates:
    if estimator is None or any(part.template["file"] is None for part in points):
        label = f"{title} measures and selects in a sampler alone"
        raise error(Code.NOT_SIMULABLE, label, help="give it a sampler, and a number of shots")
    pubs = {k: estimator_pub(circuits[part.template["file"]], part) for k, part in enumerate(points) if part.count}
    told = [k for k, pub in pubs.items() if pub is not None]
    results: list[Any] = list(estimator.run([pubs[k] for k in told], precision=precision).result()) if told else []
    data: dict[int, Any] = {k: result.data for k, result in zip(told, results, strict=True)}
    pairs = [_combined(part, data.get(k), precision or 0.0) for k, part in enumerate(points)]
    outputs, errors = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return Estimates(outputs, errors if any(error.any() for part in errors for error in part) else None)


def _combined(points: Points, data: Any, precision: float) -> tuple[list[RealArray], list[RealArray]]:
    """From what the estimator tells of the sums; some tell no error of what they estimate to a precision."""
    if data is None:
        return combined(points, np.zeros((0, points.count)), np.zeros((0, points.count)))
    shape = (len(data.evs), points.count)
    means, errors = (np.broadcast_to(np.asarray(each, dtype=float), shape) for each in (data.evs, data.stds))
    return combined(points, means, np.where(errors > 0, errors, precision))


def _sampled(sampler: Any, circuits: Mapping[str, Circuit], points: Sequence[Points], shots: int) -> Estimates:
    runs = [(part, setting) for part in points if part.count for setting in part.settings]
    pubs = [sampler_pubs(circuits[setting["file"]], part) for part, setting in runs]
    submitted = [pub for group in pubs for pub in group]
    results: list[Any] = list(sampler.run(submitted, shots=shots).result()) if submitted else []
    found = [results[place] for place in pieces([len(group) for group in pubs])]
    seen = iter([bits_of(s, part.template, each) for (part, s), each in zip(runs, found, strict=True)])
    pairs = [tallied(part, [next(seen) for _ in part.settings] if part.count else []) for part in points]
    return Estimates([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _primitives() -> Any:
    return importlib.import_module("qiskit.primitives")


def _aer() -> Any:
    return importlib.import_module("qiskit_aer.primitives")
