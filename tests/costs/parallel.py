"""Scenarios of pools that spread a model differently, for tests."""

from hypothesis import strategies as st

import gpu_catalog
from simcore import Scenario
from simcore.costs.degrees import divisors, tp_degrees

# Grouped queries, one head each, latent vectors, windows; with and without experts.
LLMS = ("LLaMA-3.1-70B", "LLaMA-2-7B", "DeepSeek-V3", "Gemma-3-27B", "GPT-OSS-20B", "Mixtral-8x22B",
        "Qwen3-14B", "MiniMax-M2.5")  # fmt: skip


@st.composite
def parallel_scenarios(draw, *, llms=LLMS, most_gpus=512, **fixed):
    """A scenario whose pools have degrees of their own, a stage `most_gpus` GPUs at most."""
    llm = gpu_catalog.llm(draw(st.sampled_from(llms)))
    values = {"llm": llm.name, "cost_model": "physical"}
    for own in ("", "decode_"):
        tp = draw(st.sampled_from([tp for tp in tp_degrees(llm) if tp <= min(64, most_gpus)]))
        groups = [dp for dp in (1, 2, 3, 8) if tp * dp <= most_gpus]
        dp = draw(st.sampled_from(groups)) if llm.experts else 1
        fitting = [1]
        if llm.experts:
            fitting = [ep for ep in divisors(tp * dp) if ep <= llm.experts.experts]
        pp = draw(st.integers(1, 7))
        values |= {f"{own}tp": tp, f"{own}dp": dp, f"{own}pp": pp}
        values[f"{own}ep"] = draw(st.sampled_from(fitting))
        if draw(st.booleans()):
            values[f"{own}layer_split"] = ",".join(map(str, draw(splits(llm.layers, pp))))
    values["decode_microbatches"] = parts = draw(st.sampled_from([1, 1, 2, 3]))
    values["batch_size"] = parts * draw(st.integers(1, 9))
    values["prompt_tokens"] = draw(st.integers(1, 3000))
    values["chunk_tokens"] = draw(st.integers(100, 1200))
    return Scenario(**values | fixed)


@st.composite
def splits(draw, layers, stages):
    """Layers of each stage: an even split, with some moved from one stage to another."""
    share, extra = divmod(layers, stages)
    counts = [share + (stage < extra) for stage in range(stages)]
    for stage in range(stages - 1):
        moved = draw(st.integers(0, counts[stage] - 1))
        counts[stage] -= moved
        counts[stage + 1] += moved
    return counts
