"""Scenario in, result out."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from simcore.serving.cluster import Served, ServingStopped, serve
from simcore.serving.results.money import PoolUse
from simcore.serving.results.recorder import PROGRESS, Recorder
from simcore.serving.results.result import ServingResult
from simcore.serving.scenario import ClusterScenario, cluster_of

__all__ = ["PROGRESS", "pool_uses", "simulate"]


def simulate(
    scenario: ClusterScenario,
    *,
    seed: int | None = None,
    folder: Path | None = None,
    file: Path | None = None,
    on_progress: Callable[[int], None] | None = None,
    time_limit_s: float | None = None,
) -> ServingResult:
    """Simulate a scenario, request by request.

    Parameters
    ----------
    seed : of everything that is drawn; None for the scenario's
    folder : that files of traces are relative to; None: none is read
    file : Parquet, to which rows of requests go, in the order in which they end, so that memory
        holds a few columns of them alone; None to have all in the result
    on_progress : told every `PROGRESS` requests how many have ended; what it raises ends the run
    time_limit_s : processor time that the run may take [s]; None for no limit

    What ends early, by an error in a policy or in a trace, at a bound or out of time, is marked
    `partial`.
    Raises ScenarioError where the scenario makes no sense, and PdscopeError for a file that cannot
    be written.
    """
    start, worked = time.perf_counter(), time.process_time()
    seed = scenario.seed if seed is None else seed
    spec = cluster_of(scenario)
    source = scenario.workload.source(seed, folder)
    recorder = Recorder(source.clients, file, on_progress)
    try:
        try:
            served = serve(
                spec,
                source,
                seed=seed,
                bounds=scenario.bounds,
                sink=recorder,
                time_limit_s=time_limit_s,
            )
            partial = served.stopped or ""
        except ServingStopped as stopped:
            served, partial = stopped.served, str(stopped)
        columns = recorder.columns()
    finally:
        recorder.close()
    return ServingResult(
        scenario=scenario,
        seed=seed,
        columns=columns,
        token_times=tuple(recorder.token_times),
        served=served,
        pools=tuple(pool_uses(served)),
        wall_s=time.perf_counter() - start,
        cpu_s=time.process_time() - worked,
        partial=partial,
        not_served=tuple(recorder.not_served),
        lost_on=dict(recorder.lost_on),
    )


def pool_uses(served: Served) -> Iterable[PoolUse]:
    """What each pool of a cluster has had and done."""
    for pool in served.spec.pools:
        own = [facts for facts in served.replicas if facts.pool == pool.name]
        clock, settings, groups = pool.plan.clock, pool.plan.settings, pool.plan.pool.dp
        budget = settings.max_num_batched_tokens
        full_step_s = clock.mixed_stages([(budget, 0)] * groups, 0, 0.0, groups)[0]
        prefilled = sum(facts.counts.prefilled_tokens for facts in own)
        yield PoolUse(
            name=pool.name,
            role=pool.role,
            gpu=pool.plan.pool.gpu,
            gpus=pool.plan.pool.gpus,
            held_s=sum(facts.lasted_s(served.end_s) for facts in own),
            busy_s=sum(facts.counts.busy_s for facts in own),
            prefill_s=prefilled * full_step_s / (budget * groups),
            replicas=len(own),
            prefilled_tokens=prefilled,
            decoded_tokens=sum(facts.counts.decoded_tokens for facts in own),
            steps=sum(facts.counts.steps for facts in own),
            preemptions=sum(facts.counts.preemptions for facts in own),
            request_s=clock.request_s,
        )
