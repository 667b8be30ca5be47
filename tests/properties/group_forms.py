"""Runs that keep transfers in groups, in one form or another, from the first contention on."""

import pytest

from simcore.engine import crowd, grouped, network
from simcore.engine.bottleneck import WatchedNetwork
from tests.properties.flow_sets import simulate

# Rates found one after the other; all at once, as soon as two contend; and now so, now so.
SPARSE = {"MOST_COUPLED": 0}
COUPLED = {
    "SETTLINGS_BETWEEN_LOOKS": 1, "FEWEST_STEPS": -1, "ENTRIES_A_STEP": 1e9, "PATHS_A_CHANNEL": 0,
    "FEWEST_ALIVE": 0,
}  # fmt: skip
MIXED = COUPLED | {"SETTLINGS_BETWEEN_LOOKS": 2, "FEWEST_ALIVE": 0.8, "MOST_COUPLED": 4}


def force(patch, form):
    """Have every network go over to groups in that form as soon as two transfers contend.

    If the form is None they never do.
    """
    patch.setattr(network, "MOST_TOIL", float("inf") if form is None else -1)
    patch.setattr(crowd, "MANY_STEPS", 0)
    for name, value in (form or {}).items():
        patch.setattr(grouped, name, value)


def in_groups(flow_set, form, watched=False, **settings):
    """The batches of `flow_set` after such a run."""
    with pytest.MonkeyPatch.context() as patch:
        force(patch, form | settings)
        return simulate(flow_set, WatchedNetwork() if watched else None)


def ends(batches):
    return [batch.end_time for batch in batches]
