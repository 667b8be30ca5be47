"""Passes cut into parts, and what is sent at the end of each."""

from functools import lru_cache

import numpy as np

from simcore.costs import Pool
from simcore.costs.plan import CollectiveForm
from simcore.pipelines.choosing import Chosen
from simcore.pipelines.exchanges import TimedExchange, exchanges_alone
from simcore.pipelines.handing import HandedOver
from simcore.pipelines.plan import HandoffRoute, PassPart, Sending
from simcore.pipelines.wiring import Stream


class Cutter:
    """What is sent over the streams of a machine, and when in a pass.

    Parameters
    ----------
    chosen : as what collectives are run
    """

    def __init__(self, chosen: Chosen, pools: tuple[Pool, ...]):
        self.wiring = chosen.wiring
        self.flows = chosen.used is not None and chosen.used.form is CollectiveForm.FLOWS
        self.most_parts = chosen.parts
        self.gpus = {pool.name: pool.stage_gpus for pool in pools}

    def borders(self, pool: Pool, sizes: np.ndarray) -> list[tuple[Sending, ...]]:
        """What each stage but the last sends the next; `sizes` of one attention group [byte]."""
        each = (sizes / pool.tp).tolist()
        return [
            tuple(
                self._sending(stream, each, stream.latency_s, pool.name, pool.name)
                for stream in self.wiring.streams[pool.name, stage]
            )
            for stage in range(pool.pp - 1)
        ]

    def parts(
        self, exchanges: tuple[TimedExchange, ...], handed: HandedOver | None
    ) -> tuple[PassPart, ...]:
        """The parts of a stage's passes; `handed` is None where nothing is handed over."""
        groups = handed.shares if handed else (1.0,)
        most = max((each.times for each in exchanges), default=1) if self.flows else 1
        most = min(most, self.most_parts)
        shares, last = [], []
        for group, share in enumerate(groups):
            cuts = max(1, round(most * share))
            shares += [share / cuts] * cuts
            last += [-1] * (cuts - 1) + [group]
        weights = [_weights(each.times, shares) for each in exchanges]
        return tuple(
            PassPart(
                share,
                collective_s=self._aggregated(exchanges, weights, place),
                rounds=self._rounds(exchanges, weights, place) if self.flows else (),
                handoffs=self._handoffs(handed, last[place]) if handed else (),
            )
            for place, share in enumerate(shares)
        )

    def _aggregated(self, exchanges, weights, place):
        if self.flows or not exchanges:
            return None
        if all(weight == [each.times] for weight, each in zip(weights, exchanges, strict=True)):
            return exchanges_alone(exchanges).tolist()
        return sum(
            weight[place] * each.seconds for weight, each in zip(weights, exchanges, strict=True)
        ).tolist()

    def _rounds(self, exchanges, weights, place):
        return tuple(
            tuple(self._of_round(each, stream, weight[place]) for stream in streams)
            for each, weight in zip(exchanges, weights, strict=True)
            if weight[place]
            for streams in self.wiring.rounds[each.key]
            if streams
        )

    def _of_round(self, each: TimedExchange, stream: Stream, weight):
        """What of a collective, made `weight` times at once, goes over a stream.

        Alone it takes as long as costs say: longer than the wires by waiting in each round, or less
        long by moving less.
        """
        pool = each.key[0]
        extra, factor = each.beyond_the_wires
        sizes = (weight * factor * each.bytes * stream.share).tolist()
        latency = weight * (factor * stream.latency_s + extra)
        return self._sending(stream, sizes, latency, pool, pool)

    def _handoffs(self, handed, group):
        return tuple(
            HandoffRoute(
                each.receiver,
                self._sending(
                    stream,
                    (each.bytes * stream.share).tolist(),
                    stream.latency_s,
                    "prefill",
                    "decode",
                ),
            )
            for each in handed.routes
            if each.group == group
            for stream in self.wiring.streams[each.key(handed.stage)]
        )

    def _sending(self, stream, sizes, latency_s, source, target):
        a, b = stream.ends
        one = stream.shards == 1
        flying = (
            latency_s.tolist() if isinstance(latency_s, np.ndarray) else [latency_s] * len(sizes)
        )
        return Sending(
            stream.path,
            sizes,
            flying,
            a % self.gpus[source] if one else -1,
            b % self.gpus[target] if one else -1,
            stream.shards,
        )


@lru_cache(maxsize=4096)
def _even_weights(times, parts):
    places = {number * parts // times for number in range(times)}
    return [1.0 if part in places else 0.0 for part in range(parts)]


def _weights(times, shares):
    """How often an exchange that a pass makes so many times is made in each of its parts."""
    if times >= len(shares):
        return [times * share for share in shares]
    return _even_weights(times, len(shares))
