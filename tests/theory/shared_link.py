"""A link that Poisson arrivals share: an M/G/1 queue under processor sharing."""

import numpy as np

from simcore import CommChannel, CommNetworkSimulator, ComputeJob, DataBatch, SimulatedSystem

HYPER = ((0.8, 0.5), (0.2, 3.0))  # (probability, mean) of two exponentials


def sizes(law, rng, n):
    """`n` payloads of mean 1 [byte]."""
    match law:
        case "deterministic":
            return np.ones(n)
        case "exponential":
            return rng.exponential(1.0, n)
        case "hyperexponential":
            means = rng.choice([m for _, m in HYPER], n, p=[p for p, _ in HYPER])
            return rng.exponential(1.0, n) * means
    raise ValueError(law)


class PoissonArrivals(SimulatedSystem):
    """Sends payloads over one link of 1 byte/s after exponential gaps; counts who is on it.

    Attributes
    ----------
    presence : integral of the number of transfers on the link over time
    """

    def __init__(self, law, load, seed, n):
        rng = np.random.default_rng(seed)
        self.gaps = iter(rng.exponential(1.0 / load, n).tolist())
        link = [CommChannel("link", bandwidth_bps=1.0)]
        self.batches = [DataBatch(str(i), s, link) for i, s in enumerate(sizes(law, rng, n))]
        self.presence = 0.0
        self._to_send = iter(self.batches)
        self._present = 0
        self._since = 0.0

    def run(self):
        simulator = CommNetworkSimulator()
        self._next(simulator)
        simulator.run(self)
        return self

    def on_compute_complete(self, simulator, job):
        self._count(simulator, +1)
        simulator.add_batch(next(self._to_send))
        self._next(simulator)

    def on_data_transfer_complete(self, simulator, batch):
        self._count(simulator, -1)

    def _count(self, simulator, change):
        self.presence += self._present * (simulator.current_time - self._since)
        self._present += change
        self._since = simulator.current_time

    def _next(self, simulator):
        gap = next(self.gaps, None)
        if gap is not None:
            simulator.add_compute(ComputeJob("gap", gap))

    @property
    def sojourns(self):
        """Time from sending to arrival, of each payload [s]."""
        return np.array([batch.end_time - batch.start_time for batch in self.batches])
