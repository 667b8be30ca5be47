"""The laws of every run, on every topology."""

import pytest

from simcore import Scenario, ScenarioError, run
from simcore.run import links_of
from simcore.topologies import TOPOLOGIES, NicMapping, Placement
from tests.contracts import laws
from tests.topologies.fleets import GPUS

ROUNDING = 1e-9
SMALL = {"llm": "LLaMA-3.1-8B", "prompt_tokens": 700, "chunk_tokens": 96, "output_tokens": 3}
SHAPES = {
    "alike": {"pp": 4, "prefill_nics": 2},
    "decode narrower": {"pp": 5, "decode_pp": 3, "prefill_nics": 1},
    "together": {"pp": 4, "placement": Placement.SAME_NODE.value},
    "near": {"pp": 2, "placement": Placement.SAME_RACK.value, "nic_mapping": "nearest"},
    "crowded": {"pp": 8, "batch_size": 8, "background": "NIC cables: 60 %"},
    "reference": {"pp": 8, "cost_model": "reference", "llm": "LLaMA-3.1-70B"},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", TOPOLOGIES.names())
def test_a_run_on_any_topology_obeys_every_law(name, shape):
    fields = {**SMALL, **SHAPES[shape], "topology": name}
    if name == "reference" and "background" in fields:
        fields["background"] = "prefill NIC cables: 60 %"
    refusals = []
    for gpu in GPUS:
        try:
            result = run(Scenario(prefill_gpu=gpu, decode_gpu=gpu, **fields))
        except ScenarioError as error:
            refusals.append(error.field)
            continue
        laws.assert_lawful(result)
        return
    if shape == "reference":
        # The specification knows few GPUs and links.
        assert set(refusals) <= {"topology", "prefill_gpu"}
    else:
        assert "placement" in refusals and name in ("reference", "two-sites")


@pytest.mark.parametrize("mapping", NicMapping)
def test_all_bytes_arrive_whichever_nics_they_take(mapping):
    result = run(
        Scenario(
            **SMALL,
            topology="hgx-rail",
            prefill_gpu="NVIDIA H100",
            decode_gpu="NVIDIA H100",
            pp=3,
            prefill_nics=4,
            nic_mapping=mapping.value,
        )
    )
    laws.all_tokens_are_processed_and_all_kv_cache_is_handed_over(result)
    laws.no_transfer_beats_its_path(result)


@pytest.mark.parametrize("name", TOPOLOGIES.names())
def test_a_faster_link_never_makes_collectives_slower(name):
    """Whichever measurements of a fabric their times are taken from."""
    for gpu in GPUS:
        scenario = Scenario(
            **SMALL, topology=name, prefill_gpu=gpu, decode_gpu=gpu, pp=2, tp=4, batch_size=4
        )
        try:
            usual = run(scenario).metrics
        except ScenarioError:
            continue
        for link in links_of(scenario):
            for factor in (1.3, 2.0, 10.0):
                faster = run(scenario, faster={link: factor}).metrics
                assert faster.ttds_s <= usual.ttds_s * (1 + ROUNDING)
                assert faster.tpot_s <= usual.tpot_s * (1 + ROUNDING)
        return
    raise AssertionError(f"no GPU of {GPUS} comes in machines of {name}")
