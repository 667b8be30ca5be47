"""Requests that arrive by chance, batched at every step, through a pipeline.

Yu et al., "Orca: A Distributed Serving System for Transformer-Based Generative Models", OSDI 2022:
whoever waits joins at the next step, and whoever is done leaves. To compare with: a server that
takes one request at a time, for which waiting is known (M/D/1).
"""

from collections import deque

import numpy as np

from simcore.distributed.algorithms.base import Formula, Settings, register
from simcore.distributed.algorithms.closed_forms import message_s
from simcore.distributed.algorithms.pipeline_parallel import check_stages
from simcore.distributed.algorithms.stage import Stage
from simcore.distributed.algorithms.step import Served, StepPlan
from simcore.distributed.models import costs, shares

TOKEN_BYTES = 8
PLAN, ACTIVATIONS, TOKENS = range(3)


def arrivals_s(settings: Settings) -> np.ndarray:
    """When each request arrives [s]: a Poisson process from time 0 on."""
    gaps = np.random.default_rng(settings.seed).exponential(
        1.0 / settings.rate_per_s, settings.requests
    )
    return gaps.cumsum()


class Scheduler:
    """What rank 0 does beside its own layers: it says who takes part in each step.

    As many steps are under way as there are stages. A request belongs to one of as many groups, so
    that none of its steps begins before its last one has ended.
    """

    def __init__(self, comm, stage: Stage, settings: Settings):
        self._comm = comm
        self._stage = stage
        self._settings = settings
        self._served = [
            Served(request, float(arrival)) for request, arrival in enumerate(arrivals_s(settings))
        ]
        self._coming = deque(self._served)
        self._waiting: deque[Served] = deque()
        self._groups: list[list[Served]] = [[] for _ in range(comm.size)]
        self._under_way: deque[tuple[int, StepPlan, object]] = deque()
        self._sent: list = []
        self._turn = 0

    def run(self) -> list[Served]:
        """Serve everyone; returns what became of each request."""
        while self._coming or self._waiting or any(self._groups):
            self._admit()
            if self._begin_one():
                continue
            if self._under_way:
                self._end_oldest()
            else:
                self._idle_until(self._coming[0].arrival_s)
        self._send(StepPlan.stop(self._settings.max_batch).numbers, PLAN)
        for work in self._sent:
            work.wait()
        return self._served

    def _admit(self):
        now = self._comm.now()
        while self._coming and self._coming[0].arrival_s <= now:
            self._waiting.append(self._coming.popleft())

    def _begin_one(self):
        """Begin a step of the next group that can; says whether there is one."""
        count = len(self._groups)
        for turn in range(count):
            group = (self._turn + turn) % count
            if self._begin(group):
                self._turn = (group + 1) % count
                return True
        return False

    def _begin(self, group):
        if any(group == under_way[0] for under_way in self._under_way):
            return False
        members = self._groups[group]
        while self._waiting and len(members) < self._settings.max_batch:
            members.append(self._waiting.popleft())
        if not members:
            return False
        plan = StepPlan.of(members, self._settings)
        inputs = [self._stage.input_of(request) for request in members]
        # The plan goes ahead, while the step is computed.
        self._send(plan.numbers, PLAN)
        if self._comm.size > 1:
            room = self._stage.maths.room_for_tokens(len(members))
            tokens = self._comm.irecv(room, self._comm.size - 1, tag=TOKENS)
        computed = self._stage.compute(plan, inputs)
        if self._comm.size > 1:
            self._send(computed, ACTIVATIONS)
        else:
            tokens = computed
        self._under_way.append((group, plan, tokens))
        return True

    def _end_oldest(self):
        group, plan, tokens = self._under_way.popleft()
        if self._comm.size > 1:
            tokens = tokens.wait()
        now = self._comm.now()
        members = self._groups[group]
        pieces = self._stage.maths.split_batch(tokens, shares(plan.count, plan.count))
        for request, token in zip(members, pieces, strict=True):
            request.take(token, now)
        done = [r for r in members if r.steps == self._settings.output_tokens]
        for request in done:
            request.end_s = now
        self._groups[group] = [request for request in members if request not in done]

    def _send(self, payload, tag):
        if self._comm.size > 1:
            self._sent.append(self._comm.isend(payload, 1, tag=tag))

    def _idle_until(self, then):
        # The clock may round what is added to it: a moment is over when the clock says so.
        while (now := self._comm.now()) < then:
            self._comm.idle(then - now)


def follow(comm, stage: Stage, settings: Settings) -> None:
    """What every other rank does: compute what comes, and pass it on, until there is no more."""
    last = comm.rank == comm.size - 1
    sent = []
    while True:
        numbers = comm.recv(StepPlan.stop(settings.max_batch).numbers, comm.rank - 1, tag=PLAN)
        plan = StepPlan(numbers)
        if not last:
            sent.append(comm.isend(numbers, comm.rank + 1, tag=PLAN))
        if plan.count == 0:
            break
        room = stage.maths.room(1, plan.tokens)
        x = stage.compute(plan, comm.recv(room, comm.rank - 1, tag=ACTIVATIONS))
        to, tag = (0, TOKENS) if last else (comm.rank + 1, ACTIVATIONS)
        sent.append(comm.isend(x, to, tag=tag))
    for work in sent:
        work.wait()


def service_s(settings: Settings, star) -> float:
    """One request, alone in the pipeline, from its arrival to its last token [s]."""
    shape, device, stages = settings.shape, settings.known_device, settings.ranks
    passing = stages - 1
    total = 0.0
    for step in range(settings.output_tokens):
        new = settings.tokens if step == 0 else 1
        seen = settings.tokens + step
        share = costs.whole(shape)
        parts = (
            costs.queries(shape, share, new),
            costs.keys_values(shape, share, new),
            costs.attention(shape, share, batch=1, seeing=new, seen=seen),
            costs.output(shape, share, new),
            costs.feed_forward(shape, share, new),
        )
        total += shape.layers * sum(device.seconds(part) for part in parts)
        total += device.seconds(costs.embedding(shape, new))
        total += device.seconds(costs.head(shape, 1))
        if passing:
            total += passing * message_s(new * shape.hidden * shape.value_bytes, star)
            total += message_s(TOKEN_BYTES, star)
    return total


def waiting_and_service_s(settings: Settings, star) -> float:
    """Mean time in an M/D/1 system: S + ρS/(2(1−ρ)) [s]; infinite where ρ ≥ 1.

    Pollaczek-Khinchine; Kleinrock, "Queueing Systems", vol. I, 1975, section 5.6.
    """
    service = service_s(settings, star)
    load = settings.rate_per_s * service
    if load >= 1.0:
        return float("inf")
    return service * (1.0 + load / (2.0 * (1.0 - load)))


def mean_time_in_system_s(run) -> float:
    """Of the requests of a run, from arrival to last token [s]."""
    served = run.values[0]
    return float(np.mean([request.end_s - request.arrival_s for request in served]))


def _check(settings):
    check_stages(settings, settings.ranks)
    shape = settings.shape
    settings.need(shape.causal, f"{shape.name} does not generate; take a decoder", "model")
    settings.need(shape.experts == 0, f"{shape.name} has experts; take a dense decoder", "model")


@register(
    "continuous-batching",
    label="Continuous batching",
    text="Requests arrive by chance at rank 0. At every step those who wait join the batch, as far "
    "as there is room, and those who have all their tokens leave; steps follow each other through "
    "a pipeline of the ranks.",
    uses=("ranks", "tokens", "output_tokens", "max_batch", "requests", "rate_per_s", "seed"),
    formula=Formula(
        text="S + ρS/(2(1−ρ)), ρ = λS: M/D/1, a server of one request at a time; S: a request "
        "alone in the pipeline, λ: requests per second",
        quantity="mean time of a request in the system",
        seconds=waiting_and_service_s,
        measured=mean_time_in_system_s,
        exact=False,
    ),
    defaults=Settings(ranks=2, tokens=32, output_tokens=8, requests=60, rate_per_s=0.3),
    check=_check,
)
def continuous_batching(comm, model, inputs, settings):
    """On rank 0 what became of each request, a list of `Served`; None on the others."""
    stage = Stage(comm, model, settings)
    if comm.rank == 0:
        return Scheduler(comm, stage, settings).run()
    return follow(comm, stage, settings)
