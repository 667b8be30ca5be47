"""Timelines have a bounded number of points, and lose no bytes by that."""

import numpy as np
import pytest

from simcore.engine import CommChannel
from simcore.serving.cluster import serve
from simcore.serving.cluster.timelines import LinkUse, Timeline
from tests.serving.cluster.clusters import Listed, disaggregated, poisson


def test_every_other_point_is_dropped_when_there_are_too_many():
    timeline = Timeline(("value",), most=4)
    dropped = [timeline.add([(float(i), i), (float(i), -i)]) for i in range(7)]
    assert dropped == [False] * 4 + [True, False, True]
    table = timeline.table()
    assert table["time_s"].tolist() == [0.0, 0.0, 4.0, 4.0, 6.0, 6.0]
    assert table["value"].tolist() == [0, 0, 4, -4, 6, -6]


@pytest.mark.parametrize("most", [2, 3, 4, 50])
def test_spans_that_are_put_together_have_the_bytes_of_both(most):
    channel, other = CommChannel("a", 100.0), CommChannel("b", 50.0)
    links = LinkUse(most)
    rng = np.random.default_rng(0)
    total = 0.0
    for i in range(1, 24):
        size = float(rng.integers(1, 100))
        links.add((channel, channel, other), size)
        total += size
        links.end_span(i * 0.5)
    table = links.table({})
    lengths = np.diff(table["time_s"], prepend=0.0)
    assert len(lengths) <= most and lengths.sum() == 11.5
    # A channel that stands twice is crossed twice.
    assert (table["a"] * lengths * 100.0).sum() == pytest.approx(2 * total)
    assert (table["b"] * lengths * 50.0).sum() == pytest.approx(total)


def test_links_carry_what_the_ledger_says():
    served = serve(disaggregated(most_points=16), Listed(poisson(1)))
    table = served.link_timeline
    lengths = np.diff(table["time_s"], prepend=0.0)
    assert len(lengths) <= 16
    sent = [c for c in table if c.endswith("cable out") and "NIC" in c and c.startswith("node 0")]
    fabric = served.spec.topology
    carried = sum(
        (table[name] * lengths * fabric.channels_called(name)[0].bandwidth_bps).sum()
        for name in sent
    )
    assert carried == pytest.approx(served.ledger.bytes_sent, rel=1e-9)
