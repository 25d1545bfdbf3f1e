"""Rules of photonic and hybrid gates: flows of quadratures, degrees of observables, bounds on photons."""
