"""How long the steps of a plan take: the cost models' times, asked a million times a second."""

import numpy as np

from simcore.errors import SimulationError
from simcore.serving.replica.stages import Stage
from simcore.serving.replica.tables import Rows

ROUNDING = 1 - 1e-9


class StepClock:
    """Times of a plan's steps, as a `Clock`.

    Parameters
    ----------
    stages : of the pipeline, in order; equal ones are the same object
    rooflines : the least that any step takes on each of them
    requests : most that run at once
    contexts : mean contexts for which tables hold a time
    groups : attention groups
    each : tokens that a decoding request computes in a step
    request_s : of a request before it is queued [s]
    tokens_per_step : that the engine's release gains in a step
    hop : bandwidth [byte/s] and latency [s] from stage to stage, and bytes of a token
    """

    def __init__(
        self, stages: list[Stage], *, requests, contexts, groups, each, request_s, tokens_per_step,
        hop
    ):  # fmt: skip
        self.stages = len(stages)
        self.request_s, self.tokens_per_step = request_s, tokens_per_step
        self._groups, self._each = groups, each
        self._bandwidth, self._latency_s, self._token_bytes = hop
        self._places = [stages.index(stage) for stage in stages]
        self._stages = list(dict.fromkeys(stages))
        self._places = [self._stages.index(stage) for stage in stages]
        numbers = np.arange(1.0, requests + 1)[:, None]
        tables = []
        for stage in self._stages:
            times = np.broadcast_to(
                stage.decode(numbers, contexts[None, :]), (requests, len(contexts))
            )
            # A chord of the floor, which is convex, lies above it.
            least = stage.roofline.decode(numbers, contexts[None, :])
            if not np.all(times >= least * ROUNDING):
                raise SimulationError("a decode step takes less time than its hardware allows")
            tables.append(times)
        nobody = np.zeros((1, len(contexts)))
        self._decode = [Rows(contexts, np.vstack([nobody, times])) for times in tables]
        hops = (self.stages - 1) * np.array([self.hop_s(n) for n in range(requests + 1)])
        total = sum(np.vstack([nobody, tables[place]]) for place in self._places)
        self._total = Rows(contexts, total + hops[:, None])

    def piece(self, requests: int, context: float) -> tuple[float, float, float]:
        time, slope, until = self._total.piece(requests, context / requests)
        return time, slope / requests, until * requests

    def decode_stages(self, requests: int, context: float) -> tuple[float, ...]:
        mean = context / requests
        times = [rows.at(requests, mean) for rows in self._decode]
        return tuple([times[place] for place in self._places])

    def mixed_stages(self, chunks, requests, context, outputs) -> tuple[float, ...]:
        groups = self._groups
        longest = tokens = 0
        for new, _ in chunks:
            tokens += new
            longest = max(longest, new)
        tokens = max(-(-(tokens + requests * self._each) // groups), longest)
        mean = context / requests if requests else 0.0
        outputs += requests * (self._each - 1)
        times = []
        for stage, decode in zip(self._stages, self._decode, strict=True):
            least = stage.roofline.mixed(chunks, requests, context, outputs, tokens)
            time = stage.mixed(chunks, requests, context, outputs, tokens, least)
            if requests:
                # There is more to do than in a step that only decodes.
                time = max(time, decode.at(requests, mean))
            if time < least * ROUNDING:
                raise SimulationError(
                    f"a step of {tokens} tokens takes {time!r} s, less than the {least!r} s that "
                    "its hardware needs for operations and bytes"
                )
            times.append(time)
        return tuple([times[place] for place in self._places])

    def hop_s(self, tokens: int) -> float:
        return self._latency_s + tokens * self._token_bytes / self._bandwidth
