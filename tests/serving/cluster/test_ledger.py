"""Nothing vanishes: requests, tokens, KV cache on wires, blocks; and Little's law on every run."""

import math

import pytest

from simcore.errors import SimulationError
from simcore.serving.cluster import (
    KVTransfer,
    MachineFault,
    PartFault,
    Policies,
    Policy,
    ReplicaFault,
    Status,
    serve,
)
from simcore.serving.cluster.ledger import Account, Ledger
from tests.serving.cluster.clusters import (
    Listed,
    aggregated,
    disaggregated,
    mixture,
    poisson,
    sharing,
    simple,
)

SMALL = simple(blocks=160, max_num_batched_tokens=1024, max_num_seqs=32)
LAYERS = simple(blocks=160, layer_groups=4, max_num_batched_tokens=256, max_num_seqs=32)
FAULTS = (
    ReplicaFault(pool="prefill", replica=0, at_s=5.0, back_s=8.0),
    ReplicaFault(pool="decode", replica=1, at_s=9.0, back_s=15.0),
    ReplicaFault(pool="decode", replica=0, at_s=12.0, back_s=13.0),
)
NICS = (
    PartFault(part="node 0 NIC 0", at_s=3.0, back_s=9.0),
    MachineFault(machine="node 1", at_s=11.0, back_s=14.0),
)

CLUSTERS = {
    "aggregated": aggregated(3),
    "little memory": aggregated(2, SMALL),
    "disaggregated": disaggregated(),
    "disaggregated, little memory": disaggregated(2, 2, SMALL),
    "layer-wise": disaggregated(2, 2, LAYERS, kv_transfer=KVTransfer.LAYERS),
    "mixture": mixture(policies=Policies(deciding=Policy("prompt-length", {"least_tokens": 400}))),
    "failing": disaggregated(2, 2, SMALL, faults=FAULTS),
    "failing, layer-wise": disaggregated(
        2, 2, LAYERS, kv_transfer=KVTransfer.LAYERS, faults=(*FAULTS, *NICS)
    ),
    "failing NICs": disaggregated(2, 2, faults=NICS),
    "failing, few retries": disaggregated(2, 2, SMALL, faults=FAULTS, retries=0),
    "refusing": aggregated(
        2, policies=Policies(admission=Policy("queue-depth", {"most_in_flight": 4}))
    ),
}


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("name", CLUSTERS)
def test_all_that_came_is_accounted_for(name, shared):
    requests = poisson(7, count=250, rate=12.0)
    source = Listed(sharing(requests) if shared else requests)
    served = serve(CLUSTERS[name], source, seed=1)
    ledger = served.ledger
    assert not served.partial and not served.unfinished
    assert ledger.requests.arrived == 250 == len(served.courses)
    assert ledger.requests.in_flight == 0
    assert ledger.checks > 10
    by_status = {s: sum(c.status is s for c in served.courses) for s in Status}
    assert ledger.requests == Account(
        250, by_status[Status.COMPLETED], by_status[Status.REFUSED], by_status[Status.FAILED], 0
    )
    for tokens in (ledger.prompt_tokens, ledger.output_tokens):
        assert tokens.balanced and tokens.in_flight == 0
    assert ledger.held_blocks == 0 and ledger.free_blocks == ledger.blocks
    assert ledger.bytes_sent == pytest.approx(ledger.bytes_arrived + ledger.bytes_lost, rel=1e-9)
    # Whoever asked was told, once.
    assert sorted(number for number, _, _ in source.ended) == list(range(250))


@pytest.mark.parametrize("name", CLUSTERS)
def test_littles_law(name):
    """L = lambda W (Operations Research 9, 1961): the number there, summed over time, is the sum of
    the times that each was there. One is counted as time goes by, the other request by request."""
    served = serve(CLUSTERS[name], Listed(poisson(3, count=250, rate=12.0)), seed=1)
    spent = math.fsum(c.ended_s - c.request.arrival_s for c in served.courses)
    assert served.ledger.request_seconds == pytest.approx(spent, rel=1e-9)


@pytest.mark.parametrize("name", ["failing", "failing, few retries"])
def test_requests_of_failed_replicas_are_started_again_or_reported(name):
    served = serve(CLUSTERS[name], Listed(poisson(7, count=250, rate=12.0)), seed=1)
    again = [c for c in served.courses if c.attempts > 1]
    failed = [c for c in served.courses if c.status is Status.FAILED]
    if CLUSTERS[name].retries:
        assert again and not failed
        assert all(c.lost_s > 0 and c.status is Status.COMPLETED for c in again)
    else:
        assert failed and not again
        assert all("worked on it failed, once" in c.reason for c in failed)


def test_an_account_that_does_not_balance_is_an_error():
    ledger = Ledger.empty()
    ledger.requests.arrived = 2
    ledger.requests.completed = 1
    with pytest.raises(SimulationError, match="requests does not balance"):
        ledger.check()


def test_blocks_that_nobody_holds_are_an_error():
    ledger = Ledger.empty()
    ledger.blocks, ledger.free_blocks = 10, 9
    with pytest.raises(SimulationError, match="of 10 blocks 9 are free"):
        ledger.check()
