"""What a run is judged by, measured from its trace alone."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from simcore.engine import CommChannel
from simcore.engine.trace import Trace


@dataclass(frozen=True)
class Metrics:
    """Figures of one run that starts at time 0.

    Attributes
    ----------
    ttds_s : time to decode start: until the first decode job starts [s]
    tpot_s : time per output token: mean duration of a decode step, transfers included [s]
    ttft_s : time to first token: TTDS and the first decode step [s]
    bubble : share of the prefill pool's GPU time, until its last job ends, that is idle
    handoff_hidden_s, handoff_exposed_s : time during which KV cache is on its way while some
        prefill job runs, and while none does [s]
    events : of the run: two for each transfer (latency over, payload arrived), one for each job
    trace, channels : what it is measured from
    """

    ttds_s: float
    tpot_s: float
    ttft_s: float
    bubble: float
    handoff_hidden_s: float
    handoff_exposed_s: float
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
        per_path = np.bincount(trace.path.codes, trace.bytes, len(trace.path.categories))
        for path, size in zip(trace.path.categories, per_path, strict=True):
            for name in path.split(" > ") if path else ():
                carried[name] += size
        sizes = np.array(list(carried.values()))
        could = np.array([c.bandwidth_bps for c in self.channels]) * float(trace.end_s[-1])
        return pd.DataFrame(
            {
                "channel": list(carried),
                "bytes": sizes,
                "utilisation": np.divide(sizes, could, out=np.zeros_like(sizes), where=could > 0),
            }
        )


def measure(trace: Trace, channels: tuple[CommChannel, ...]) -> Metrics:
    """The metrics of a disaggregated pipeline's trace; `channels` are those of its machine."""
    kind = {name: trace.kind.codes == i for i, name in enumerate(trace.kind.categories)}
    prefill, decode, handoff = kind["prefill"], kind["decode"], kind["handoff"]
    start, end = trace.start_s, trace.end_s
    step = trace.facts["step"]
    steps = int(step.max()) + 1
    step_start = np.full(steps, np.inf)
    step_end = np.zeros(steps)
    np.minimum.at(step_start, step[decode], start[decode])
    np.maximum.at(step_end, step[decode], end[decode])
    durations = step_end - step_start
    hidden, exposed = _hidden_and_exposed(start, end, handoff, prefill)
    jobs = int(np.count_nonzero(prefill | decode))
    return Metrics(
        ttds_s=float(step_start[0]),
        tpot_s=float(durations.mean()),
        ttft_s=float(step_end[0]),
        bubble=_bubble(start, end, trace.facts["stage"], prefill),
        handoff_hidden_s=hidden,
        handoff_exposed_s=exposed,
        events=jobs + 2 * (len(trace) - jobs),
        trace=trace,
        channels=channels,
    )


def _bubble(start, end, stage, prefill):
    busy = float((end[prefill] - start[prefill]).sum())
    span = float(end[prefill].max()) * (int(stage[prefill].max()) + 1)
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
