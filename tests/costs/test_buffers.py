"""Activations and collectives' buffers, by hand."""

import pytest

from simcore import Scenario
from simcore.run import cost_model_of


def buffers(stage=0, pool="prefill_pool", **fields):
    scenario = Scenario(**{"cost_model": "physical", "pp": 4} | fields)
    return cost_model_of(scenario).buffer_bytes(getattr(scenario, pool), stage)


def test_a_dense_model_s_feed_forward_block_is_widest():
    """LLaMA-3.1-70B: the residual stream twice, and gate, up and their product."""
    tokens = 3 * 512
    one = tokens * 2 * (2 * 8192 + 3 * 28672)
    assert buffers(batch_size=3, chunk_tokens=512, stage=1) == one
    # A chunk is no longer than the prompt.
    assert buffers(batch_size=3, prompt_tokens=512, chunk_tokens=2048, stage=1) == one


def test_tp_divides_what_is_wide_and_adds_buffers_of_the_all_reduce():
    tokens = 3 * 512
    alone = tokens * 2 * (2 * 8192 + 3 * 28672 / 8)
    reduced = 2 * tokens * 8192 * 2
    assert buffers(batch_size=3, chunk_tokens=512, tp=8) == pytest.approx(alone + reduced)


def test_decode_holds_a_micro_batch_and_its_logits():
    """12 requests of a vocabulary of 128256 on the last stage, in FP32."""
    ours = {"pool": "decode_pool", "batch_size": 12}
    assert buffers(**ours) == 12 * 2 * (2 * 8192 + 3 * 28672)
    assert buffers(**ours, stage=3) == 12 * (2 * 2 * 8192 + 4 * 128256)
    assert buffers(**ours, stage=3, decode_microbatches=3) == 4 * (2 * 2 * 8192 + 4 * 128256)


def test_experts_have_a_copy_of_each_token_that_visits_them():
    """DeepSeek-V3: 8 of 256 experts of width 2048, and a shared one."""
    tokens = 4 * 1024
    alone = tokens * 2 * (2 * 7168 + 8 * (7168 + 3 * 2048) + 3 * 2048)
    assert buffers(llm="DeepSeek-V3", batch_size=4, chunk_tokens=1024, stage=2) == alone
    spread = {"dp": 4, "ep": 4, "routing": "balanced"}
    # Each of 4 GPUs has a request, and an even part of all visits; it sends a token to 4 GPUs at
    # most, and keeps as much again of what comes back.
    quarter = alone / 4
    met = 4 * (1 - (3 / 4) ** 8)
    sent = 2 * 1024 * met * 7168 * 2
    found = buffers(llm="DeepSeek-V3", batch_size=4, chunk_tokens=1024, stage=2, **spread)
    assert found == pytest.approx(quarter + sent)
