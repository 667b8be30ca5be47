"""Random task graphs whose transfers queue up on few routes."""

from hypothesis import strategies as st

from simcore import CommChannel
from tests.engine.task_graphs import graph_of

# Few distinct values, so that ties are common; and awkward ones, so that rounding is too.
BANDWIDTHS = st.sampled_from([1.0, 2.0, 3.0, 10.0, 0.7]) | st.floats(0.1, 100)
LATENCIES = st.sampled_from([0.0, 0.0, 0.5]) | st.floats(0, 2)
SIZES = st.sampled_from([0.0, 1.0, 5.0, 10.0]) | st.floats(0, 50)


@st.composite
def crowded_graphs(draw, max_channels=6, max_routes=7, max_transfers=40):
    """Chains of transfers, each of which starts when the one before has arrived, or at a time."""
    channels = [
        CommChannel(str(i), draw(BANDWIDTHS), draw(LATENCIES))
        for i in range(draw(st.integers(1, max_channels)))
    ]
    path = st.lists(st.sampled_from(channels), min_size=1, max_size=4)
    paths = draw(st.lists(path, min_size=1, max_size=max_routes))
    tasks = []
    transfer = st.tuples(SIZES, st.sampled_from(paths), st.none() | LATENCIES)
    for size, crossed, pause in draw(st.lists(transfer, min_size=2, max_size=max_transfers)):
        if pause is None:  # from the start
            tasks.append((size, crossed, []))
        else:
            before = draw(st.integers(-1, len(tasks) - 1))
            tasks.append((pause, None, [before] if before >= 0 else []))
            tasks.append((size, crossed, [len(tasks) - 1]))
    return graph_of(tasks)
