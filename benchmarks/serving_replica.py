"""What one simulated replica costs: microseconds per request and per step, with and without jumps.

    python benchmarks/serving_replica.py [--requests 5000] [--rounds 3]

Llama-3.1-70B on 4 H100 unless a row says otherwise, Poisson arrivals, gamma lengths; processor
time, the shortest of several rounds. A step of the engine is one pass of a batch through the model:
jumps take many at once, to the same result. The last rows are what a router and a plan cost.
"""

import argparse
import time
from dataclasses import dataclass, replace
from math import inf

import numpy as np

import gpu_catalog
from simcore.costs.plan import Pool
from simcore.costs.serving_engines import serving_engine
from simcore.serving.replica import EngineSettings, Job, Replica, ReplicaPlan
from simcore.serving.replica.plan import _clock
from simcore.serving.request import Request, prompt_identity, shared_identity


@dataclass(frozen=True)
class Case:
    """What is run.

    Attributes
    ----------
    rate : of arrivals [1/s]
    prompt, output : mean lengths [tokens]
    blocks : of the KV cache; None for as many as fit
    shared : tokens at the start of each prompt that a tenth of the others have, too
    """

    name: str
    rate: float
    prompt: int
    output: int
    blocks: int | None = None
    shared: int = 0
    tp: int = 4
    pp: int = 1


CASES = (
    Case("chat, 1,000 + 200 tokens, 2/s", 2.0, 1000, 200),
    Case("the same at 6/s", 6.0, 1000, 200),
    Case("long answers, 500 + 2,000, 2/s", 2.0, 500, 2000),
    Case("long prompts, 8,000 + 200, 1/s", 1.0, 8000, 200),
    Case("6/s with 1,200 blocks: preemption", 6.0, 1000, 200, blocks=1200),
    Case("6/s, 3,000 of 4,000 tokens shared", 6.0, 1000, 200, shared=3000),
    Case("chat on TP 2 x PP 2, 2/s", 2.0, 1000, 200, tp=2, pp=2),
)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--requests", type=int, default=5000)
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    print(f"{'':40}{'steps per':>10}{'jumps: us per':>18}{'each step: us per':>20}")
    print(f"{'':40}{'request':>10}{'request':>10}{'step':>8}{'request':>12}{'step':>8}")
    for case in CASES:
        requests = requests_of(case, chosen.requests)
        row = f"{case.name:40}"
        for step_by_step in (False, True):
            plan = plan_of(case, step_by_step)
            took, replica = min(
                (timed(plan, case, requests) for _ in range(chosen.rounds)), key=lambda r: r[0]
            )
            if not step_by_step:
                row += f"{replica.counts.steps / len(requests):10.1f}"
            width = 12 if step_by_step else 10
            row += (
                f"{took / len(requests) * 1e6:{width}.1f}{took / replica.counts.steps * 1e6:8.2f}"
            )
        print(row)
    print(f"{'a look at the state of a busy replica':40}{look() * 1e6:10.1f} us")
    print(f"{'tables of a plan, once':40}{tables() * 1e3:10.1f} ms")


def plan_of(case: Case, step_by_step: bool) -> ReplicaPlan:
    """The plan of a case."""
    return ReplicaPlan(
        llm=gpu_catalog.llm("Llama-3.1-70B"),
        pool=Pool(
            name="decode",
            gpu=gpu_catalog.gpu("NVIDIA H100"),
            pp=case.pp,
            tp=case.tp,
            release=serving_engine("vLLM 0.19").release,
        ),
        settings=EngineSettings(step_by_step=step_by_step),
    )


def requests_of(case: Case, count: int) -> list[Request]:
    """Requests of a case, the same at every call."""
    rng = np.random.default_rng(0)
    at = np.cumsum(rng.exponential(1 / case.rate, count)).tolist()
    prompts = (1 + rng.gamma(2.0, case.prompt / 2, count)).astype(int).tolist()
    outputs = (1 + rng.gamma(2.0, case.output / 2, count)).astype(int).tolist()
    found = []
    for i in range(count):
        pieces = ()
        if case.shared:
            group = shared_identity(i % 10)
            pieces = ((group, case.shared), (prompt_identity(i), prompts[i]))
        found.append(Request(i, at[i], case.shared + prompts[i], outputs[i], pieces=pieces))
    return found


def timed(plan: ReplicaPlan, case: Case, requests) -> tuple[float, Replica]:
    """Seconds that a run takes, and the replica after it."""
    replica = Replica(
        0, plan.clock, total_blocks=case.blocks or plan.total_blocks, settings=plan.settings
    )
    begin = time.process_time()
    drive(replica, requests)
    return time.process_time() - begin, replica


def drive(replica: Replica, requests) -> None:
    """All requests through one replica."""
    for request in requests:
        at = request.arrival_s
        while replica.next_time() < at:
            replica.advance(replica.next_time())
        replica.advance(at)
        replica.submit(Job(request), at)
    while replica.next_time() < inf:
        replica.advance(replica.next_time())


def look(times: int = 2000) -> float:
    """Seconds that a look at a replica takes in the middle of a jump."""
    case = CASES[0]
    plan = plan_of(case, False)
    replica = plan.replica(0)
    for number in range(64):
        replica.submit(Job(Request(number, 0.0, 500, 4000)), 0.0)
    replica.advance(5.0)
    begin = time.process_time()
    for turn in range(times):
        replica.state(5.0 + turn * 1e-3)
    return (time.process_time() - begin) / times


def tables() -> float:
    """Seconds until a plan's tables are there."""
    plan = plan_of(replace(CASES[0]), False)
    _clock.cache_clear()
    begin = time.process_time()
    plan.clock  # noqa: B018
    return time.process_time() - begin


if __name__ == "__main__":
    main()
