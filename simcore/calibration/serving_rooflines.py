"""TTFT and TPOT by the uncalibrated models, on the same cases: what a calibration is to beat."""

import numpy as np

from simcore.calibration.rooflines import as_the_specification_counts
from simcore.calibration.silicon import ROUNDS, Case
from simcore.costs import transformer as tf
from simcore.costs.closed_loop import mean_wait_seconds, seconds_per_token
from simcore.costs.models.reference import MEMORY_EFFICIENCY
from simcore.costs.roofline import roofline_seconds


def physical_seconds(cases: list[Case]):
    """TTFT, TPOT [s] and notes by the roofline of the model `physical`, spread over all GPUs."""
    return _all(cases, _physical)


def reference_seconds(cases: list[Case]):
    """TTFT, TPOT [s] and notes by the formulas and values of the model `reference`.

    With the catalog's own numbers for models and GPUs that the specification does not know.
    """
    return _all(cases, _reference)


def _all(cases, pass_seconds):
    times = [_loop(case, pass_seconds) for case in cases]
    return (
        np.array([first for first, _, _ in times]),
        np.array([each for _, each, _ in times]),
        [note for _, _, note in times],
    )


def _loop(case, pass_seconds):
    running = case.concurrency / case.decode_replicas
    replica = case.prefill or case.decode
    decode = pass_seconds(case.decode, requests=running, new=1.0, context=case.prompt)
    prefill = pass_seconds(replica, requests=1.0, new=case.prompt, context=0.0)
    others = 0.0 if case.prefill else prefill
    each = seconds_per_token(decode_s=decode, prompt_s=others, running=running, output=case.output)
    wait = mean_wait_seconds(
        service_s=prefill, think_s=case.output * decode, clients=running, rounds=ROUNDS
    )
    return float(prefill + wait), float(each), ""


def _physical(replica, *, requests, new, context):
    llm, gpu, part = replica.llm, replica.gpu, replica.whole
    tokens = requests * new
    flop = tf.projection_flop(llm, part, tokens, outputs=requests)
    flop = flop + requests * tf.attention_flop(
        llm, part, new=new, context=context, absorbed=new == 1
    )
    traffic = tf.weights_read(llm, part, tokens, head=True)
    traffic = traffic + requests * tf.kv_touched(llm, part, new=new, context=context)
    return roofline_seconds(
        flop=flop / replica.gpus,
        traffic=traffic / replica.gpus,
        flops=gpu.peak(llm.gemm_dtype),
        bandwidth=gpu.bandwidth,
    )


def _reference(replica, *, requests, new, context):
    llm = replica.llm.reference or as_the_specification_counts(replica.llm)
    gpu = replica.gpu.reference or replica.gpu
    seen = context + new
    flop = 2 * requests * new * llm.parameters + 4 * requests * llm.hidden * new * seen * llm.layers
    if llm.latent is None:
        width = 2 * llm.kv_heads * llm.hidden / llm.query_heads
    else:
        width = 2 * llm.kv_heads * llm.latent
    traffic = llm.bytes_per_parameter * (llm.parameters + requests * seen * llm.layers * width)
    return roofline_seconds(
        flop=flop / replica.gpus,
        traffic=traffic / replica.gpus,
        flops=gpu.flops,
        bandwidth=MEMORY_EFFICIENCY * gpu.bandwidth,
    )
