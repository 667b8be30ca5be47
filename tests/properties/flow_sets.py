"""Random flows over random channels, and how to run them."""

from dataclasses import dataclass

from hypothesis import strategies as st

from simcore import CommChannel, CommNetworkSimulator, ComputeJob, DataBatch, SimulatedSystem


@dataclass(frozen=True)
class FlowSet:
    """bandwidths, latencies by channel; flows as (start, size, path as channel indices)."""

    bandwidths: tuple
    latencies: tuple
    flows: tuple


# Few distinct values, so that ties are common; and awkward ones, so that rounding is too.
BANDWIDTHS = st.sampled_from([1, 2, 3, 10, 0.7, 1e3, 13.5e9]) | st.floats(1e-3, 1e12)
SIZES = st.sampled_from([0, 1, 5, 10, 2**20]) | st.floats(0, 1e9)
TIMES = st.sampled_from([0, 0, 0.5, 1, 2]) | st.floats(0, 10)


@st.composite
def flow_sets(draw, max_channels=5, max_flows=9):
    channels = draw(st.integers(1, max_channels))
    several = {"min_size": channels, "max_size": channels}
    path = st.lists(st.integers(0, channels - 1), max_size=4).map(tuple)
    return FlowSet(
        tuple(draw(st.lists(BANDWIDTHS, **several))),
        tuple(draw(st.lists(TIMES, **several))),
        tuple(draw(st.lists(st.tuples(TIMES, SIZES, path), min_size=1, max_size=max_flows))),
    )


class Starter(SimulatedSystem):
    """Sends a batch when the job that carries it ends."""

    def on_compute_complete(self, simulator, job):
        simulator.add_batch(job.tag)


def simulate(flow_set, network=None, order=None):
    """The batches of `flow_set`, in its order, after a run; added in `order` if that is given."""
    channels = [
        CommChannel(str(i), bandwidth, latency)
        for i, (bandwidth, latency) in enumerate(
            zip(flow_set.bandwidths, flow_set.latencies, strict=True)
        )
    ]
    batches = [
        DataBatch(str(i), size, [channels[c] for c in path])
        for i, (_, size, path) in enumerate(flow_set.flows)
    ]
    simulator = CommNetworkSimulator(network)
    for i in order or range(len(batches)):
        simulator.add_compute(ComputeJob(str(i), flow_set.flows[i][0], tag=batches[i]))
    simulator.run(Starter())
    assert not simulator.active_batches
    return batches
