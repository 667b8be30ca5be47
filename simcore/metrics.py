"""What a run is judged by, measured from its trace alone."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from simcore.engine import CommChannel
from simcore.engine.trace import SHARDS, Trace


@dataclass(frozen=True)
class Work:
    """What a run was to do, and on how many GPUs.

    Attributes
    ----------
    prompt_tokens, output_tokens : of all requests together [tokens]
    prefill_gpus, decode_gpus : of the pools
    """

    prompt_tokens: int
    output_tokens: int
    prefill_gpus: int
    decode_gpus: int


@dataclass(frozen=True)
class Metrics:
    """Figures of one run that starts at time 0.

    Attributes
    ----------
    ttds_s : time to decode start: until the first decode job starts [s]
    tpot_s : time per output token: mean time between two tokens of a request [s]. With one
        micro-batch that is the mean duration of a decode step, transfers included; with several,
        the mean over them of the time from each token to the next, or with O = 1 that of the first
        step
    ttft_s : time to first token: until every request has left the first decode step [s]
    bubble : share of the prefill pool's time, until its last pass ends, in which a stage neither
        computes nor exchanges data among its GPUs
    handoff_hidden_s, handoff_exposed_s : time during which KV cache is on its way while some
        prefill job runs, and while none does [s]
    prefill_tokens_per_s, decode_tokens_per_s : of the pools, from the start of their first pass to
        the end of their last [tokens/s]; infinite where that takes no time
    prefill_tokens_per_s_per_gpu, decode_tokens_per_s_per_gpu : that for each GPU of the pool
    events : of the run: two for each transfer (latency over, payload arrived), one for each job
    trace, channels : what it is measured from
    """

    ttds_s: float
    tpot_s: float
    ttft_s: float
    bubble: float
    handoff_hidden_s: float
    handoff_exposed_s: float
    prefill_tokens_per_s: float
    decode_tokens_per_s: float
    prefill_tokens_per_s_per_gpu: float
    decode_tokens_per_s_per_gpu: float
    events: int
    trace: Trace
    channels: tuple[CommChannel, ...]

    @cached_property
    def device_busy(self) -> pd.DataFrame:
        """A row for each device: device, busy_s [s], share of the run."""
        trace = self.trace
        names = trace.device.categories
        busy = np.bincount(trace.device.codes, trace.end_s - trace.start_s, len(names))
        span = trace.end_s[-1]
        table = pd.DataFrame(
            {"device": names, "busy_s": busy, "share": busy / span if span else 0.0}
        )
        return table[table.device != ""].reset_index(drop=True)

    @cached_property
    def channel_use(self) -> pd.DataFrame:
        """A row for each channel: channel, bytes carried [byte], utilisation of the whole run."""
        trace = self.trace
        carried = dict.fromkeys((channel.name for channel in self.channels), 0.0)
        # A transfer that stands for several crosses what they share once for each of them.
        one = trace.bytes / np.maximum(trace.facts.get(SHARDS, 1), 1)
        per_path = np.bincount(trace.path.codes, one, len(trace.path.categories))
        for names, size in zip(trace.crossed, per_path.tolist(), strict=True):
            for name in names:
                carried[name] += size
        for name, other in trace.stands_for.items():
            carried[name] = carried[other]
        sizes = np.array(list(carried.values()))
        could = np.array([c.bandwidth_bps for c in self.channels]) * float(trace.end_s[-1])
        return pd.DataFrame(
            {
                "channel": list(carried),
                "bytes": sizes,
                "utilisation": np.divide(sizes, could, out=np.zeros_like(sizes), where=could > 0),
            }
        )


def measure(trace: Trace, channels: tuple[CommChannel, ...], work: Work) -> Metrics:
    """The metrics of a disaggregated pipeline's trace; `channels` are those of its machine."""
    kind = {name: trace.kind.codes == i for i, name in enumerate(trace.kind.categories)}
    none = np.zeros(len(trace), dtype=bool)
    prefill, handoff = kind["prefill"], kind["handoff"]
    prefilling = prefill | kind.get("collective", none)
    decode = kind["decode"] | kind.get("decode collective", none)
    start, end = trace.start_s, trace.end_s
    tokens = _Tokens(trace, decode)
    hidden, exposed = _hidden_and_exposed(start, end, handoff, prefill)
    jobs = int(np.count_nonzero(trace.device.codes != trace.device.categories.get_loc("")))
    prefill_rate = _rate(work.prompt_tokens, start[prefilling], end[prefilling])
    decode_rate = _rate(work.output_tokens, start[decode], end[decode])
    return Metrics(
        ttds_s=tokens.begin_s,
        tpot_s=tokens.apart_s,
        ttft_s=tokens.first_s,
        bubble=_bubble(trace, prefill, prefilling),
        handoff_hidden_s=hidden,
        handoff_exposed_s=exposed,
        prefill_tokens_per_s=prefill_rate,
        decode_tokens_per_s=decode_rate,
        prefill_tokens_per_s_per_gpu=prefill_rate / work.prefill_gpus,
        decode_tokens_per_s_per_gpu=decode_rate / work.decode_gpus,
        events=jobs + 2 * (len(trace) - jobs),
        trace=trace,
        channels=channels,
    )


class _Tokens:
    """When the tokens of each micro-batch are there.

    Attributes
    ----------
    begin_s : start of the first decode pass [s]
    first_s : when every micro-batch has its first token [s]
    apart_s : mean time between two tokens of a request [s]
    """

    def __init__(self, trace, decode):
        step, batch = trace.facts["step"][decode], trace.facts["microbatch"][decode]
        shape = int(step.max()) + 1, int(batch.max()) + 1
        start, end = np.full(shape, np.inf), np.zeros(shape)
        np.minimum.at(start, (step, batch), trace.start_s[decode])
        np.maximum.at(end, (step, batch), trace.end_s[decode])
        self.begin_s = float(start[0].min())
        self.first_s = float(end[0].max())
        several = shape[0] > 1 and shape[1] > 1
        between = np.diff(end, axis=0) if several else end - start
        self.apart_s = float(between.mean())


def _rate(tokens, start, end):
    span = float(end.max() - start.min())
    return tokens / span if span else float("inf")


def _bubble(trace, prefill, prefilling):
    """Of the time until the last pass ends, what no stage spends in one of its passes."""
    stage, chunk = trace.facts["stage"], trace.facts["chunk"]
    start, end = trace.start_s, trace.end_s
    stages = int(stage[prefill].max()) + 1
    if np.count_nonzero(prefilling) == stages * (int(chunk[prefill].max()) + 1):
        busy = float((end[prefill] - start[prefill]).sum())
    else:  # passes in parts
        passes = stages, int(chunk[prefill].max()) + 1
        first, last = np.full(passes, np.inf), np.zeros(passes)
        np.minimum.at(first, (stage[prefilling], chunk[prefilling]), start[prefilling])
        np.maximum.at(last, (stage[prefilling], chunk[prefilling]), end[prefilling])
        busy = float((last - first).sum())
    span = float(end[prefilling].max()) * stages
    # Rounding in the sum may exceed the span of a single stage that is never idle.
    return max(0.0, 1.0 - busy / span) if span else 0.0


def _hidden_and_exposed(start, end, handoff, prefill):
    moving = _union(start[handoff], end[handoff])
    either = _union(start[handoff | prefill], end[handoff | prefill])
    exposed = either - _union(start[prefill], end[prefill])
    return max(0.0, moving - exposed), max(0.0, exposed)


def _union(start, end) -> float:
    """Total length of the time that the intervals cover [s]."""
    order = np.argsort(start, kind="stable")
    start, end = start[order], end[order]
    covered = np.maximum.accumulate(end)
    gaps = start[1:] - covered[:-1]
    return float(covered[-1] - start[0] - gaps[gaps > 0].sum())
