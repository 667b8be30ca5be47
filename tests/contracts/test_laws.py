"""The laws over every cost model, every model of the catalog and pools of many shapes."""

import dataclasses

import pytest

import gpu_catalog
from simcore import CommNetworkSimulator, DisaggregatedPDSystemPP, Scenario, memory_of, run
from simcore.costs import COST_MODELS
from simcore.metrics import Work, measure
from simcore.pipelines import make_plan
from simcore.topologies import ReferenceFabric
from tests.contracts import laws

# One model of each architecture: grouped-query, with experts, latent attention, windows.
LLMS = (
    "LLaMA-3.1-70B", "Mixtral-8x22B", "DeepSeek-V3", "GPT-OSS-20B", "Gemma-3-27B", "Mistral-7B",
    "LLaMA-4-Scout", "GLM-4.5",
)  # fmt: skip
ROOMY = {"prefill_gpu": "AMD Instinct MI300X", "decode_gpu": "AMD Instinct MI300X"}
SHAPES = {
    "default": {},
    "even": {"pp": 8, "prompt_tokens": 1000, "chunk_tokens": 128, "output_tokens": 4},
    "decode wider": {"pp": 6, "decode_pp": 9, "prompt_tokens": 700, "chunk_tokens": 96},
    "decode narrower": {"pp": 11, "decode_pp": 7, "prompt_tokens": 700, "chunk_tokens": 96},
    "uneven layers": {"pp": 13, "prompt_tokens": 500, "chunk_tokens": 64, "prefill_nics": 3},
    "chunk beyond the prompt": {"pp": 9, "prompt_tokens": 100, "chunk_tokens": 500},
    "a token": {"pp": 9, "prompt_tokens": 1, "chunk_tokens": 1},
    "crowded": {"pp": 16, "batch_size": 16, "prompt_tokens": 2000, "chunk_tokens": 100},
    "a layer a stage": {"pp": 24, "prompt_tokens": 300, "chunk_tokens": 100},
}


def scenarios():
    for cost_model in COST_MODELS.names():
        reference = cost_model == "reference"
        known = [llm.name for llm in gpu_catalog.llms() if llm.reference]
        for llm in known if reference else LLMS:
            for shape, fields in SHAPES.items():
                if reference and "decode_pp" in fields:
                    continue
                scenario = Scenario(**{"llm": llm, "cost_model": cost_model, **ROOMY, **fields})
                yield pytest.param(scenario, id=f"{cost_model}, {llm}, {shape}")


@pytest.mark.parametrize("scenario", list(scenarios()))
def test_every_run_obeys_every_law(scenario):
    laws.assert_lawful(run(scenario))


def pairs_of_pools():
    for llm in LLMS:
        for pp in (1, 3, 8, 17):
            for decode_pp in (1, 2, 5, 12, 24):
                scenario = Scenario(
                    llm=llm, pp=pp, decode_pp=decode_pp, prompt_tokens=300, chunk_tokens=110,
                    **ROOMY,
                )  # fmt: skip
                if all(pool.fits for pool in memory_of(scenario)):
                    yield pytest.param(scenario, id=f"{llm}, {pp} to {decode_pp}")


@pytest.mark.parametrize("scenario", list(pairs_of_pools()))
def test_every_pair_of_pools_hands_over_all_of_the_kv_cache(scenario):
    """Layer borders that cross: each byte still goes to the stage that holds its layer."""
    result = run(scenario)
    laws.all_tokens_are_processed_and_all_kv_cache_is_handed_over(result)
    laws.causes_come_first_and_nothing_dawdles(result)


UNCONTENDED = Scenario(pp=4, prefill_nics=4, prompt_tokens=4096, chunk_tokens=1024, **ROOMY)


def metrics_with(scenario, *, flops=1, bandwidth=1, link_bandwidth=1, latency=1):
    """The metrics on hardware that is so many times faster."""

    def faster(pool):
        gpu = pool.gpu
        return dataclasses.replace(
            pool,
            gpu=dataclasses.replace(
                gpu, flops=gpu.flops * flops, bandwidth=gpu.bandwidth * bandwidth
            ),
        )

    def link(name):
        true = gpu_catalog.link(name)
        return gpu_catalog.schema.ReferenceLink(
            bandwidth=true.bandwidth * link_bandwidth, latency=true.latency * latency
        )

    pools = {"prefill": faster(scenario.prefill_pool), "decode": faster(scenario.decode_pool)}
    costs = COST_MODELS["physical"](
        llm=gpu_catalog.llm(scenario.llm), workload=scenario.workload, **pools
    )
    fabric = ReferenceFabric(
        prefill_gpus=scenario.pp,
        decode_gpus=scenario.decode_stages,
        prefill_nics=scenario.prefill_nics,
        link=link,
        full_duplex=True,
    )
    simulator = CommNetworkSimulator()
    system = DisaggregatedPDSystemPP(
        simulator, make_plan(costs, fabric, workload=scenario.workload, **pools)
    )
    system.start()
    simulator.run(system)
    return measure(simulator.trace, fabric.channels, Work(1, 1, 1, 1))


@pytest.mark.parametrize(
    ("what", "stays"),
    [
        ("flops", {"tpot_s"}),  # decode is bound by memory
        ("bandwidth", {"ttds_s"}),  # prefill of long chunks is bound by compute
        ("link_bandwidth", set()),
    ],
)
def test_twice_as_fast_hardware_is_faster_where_it_matters_and_never_slower(what, stays):
    usual = metrics_with(UNCONTENDED)
    doubled = metrics_with(UNCONTENDED, **{what: 2})
    for name in ("ttds_s", "tpot_s"):
        before, after = getattr(usual, name), getattr(doubled, name)
        if name in stays:
            assert after == pytest.approx(before, rel=1e-9)
        else:
            assert before / 2 <= after < before, name


def test_half_the_latency_saves_half_of_what_crosses_the_critical_path():
    usual, halved = metrics_with(UNCONTENDED), metrics_with(UNCONTENDED, latency=0.5)
    lane, ethernet = gpu_catalog.link("PCIe Gen5 x16"), gpu_catalog.link("Ethernet 100G")
    # A step crosses three borders of four lanes and two Ethernet cables each.
    saved = 3 * (4 * lane.latency + 2 * ethernet.latency) / 2
    assert usual.tpot_s - halved.tpot_s == pytest.approx(saved, rel=1e-6)
    assert halved.ttds_s < usual.ttds_s
