"""From a scenario to the cluster that it means."""

import dataclasses

import gpu_catalog
from simcore.errors import DoesNotFit, ScenarioError
from simcore.serving.cluster.spec import ClusterSpec, PoolSpec
from simcore.serving.replica import Role
from simcore.serving.scenario.cluster_scenario import ClusterScenario
from simcore.serving.scenario.fabric import FabricFields, Seated, seated

MOST_RUNNING = 2**15
"""Requests that run at once on a replica."""


def cluster_of(scenario: ClusterScenario) -> ClusterSpec:
    """The cluster that a scenario describes.

    Raises ScenarioError that names the place: where a plan does not go with the model, pools do not
    go with one another, or the GPUs not on the topology. DoesNotFit where a GPU is too small.
    """
    seats = _seats(scenario)
    llm = gpu_catalog.llm(scenario.model)
    pools = []
    for number, fields in enumerate(scenario.pools):
        where = f"pools[{number}]"
        group, first = seats.first_gpus[fields.name] if seats else (None, 0)
        within, onward = seats.joinings(fields) if seats else (None, None)
        try:
            _refuse_too_many(fields)
            plan = fields.plan(llm, scenario.cost_model, within, onward)
            # Tells now, rather than in the middle of a run, whether the model fits.
            _ = plan.total_blocks
            pools.append(
                PoolSpec(
                    name=fields.name,
                    plan=plan,
                    role=fields.role,
                    replicas=fields.replicas,
                    scaling=fields.scaling,
                    place=group,
                    first_gpu=first,
                )
            )
        except DoesNotFit as error:
            raise DoesNotFit(
                f"{where} ({fields.name}): {error}",
                pool=fields.name,
                need=error.need,
                limit=error.limit,
                remedies=error.remedies,
                field=f"{where}.{error.field}",
            ) from None
        except ScenarioError as error:
            field = f"{where}.{error.field}" if error.field else where
            raise ScenarioError(f"{where} ({fields.name}): {error}", field=field) from None
    try:
        return ClusterSpec(
            pools=tuple(pools),
            topology=seats and seats.topology,
            policies=scenario.policies,
            kv_transfer=scenario.kv_transfer,
            signals=scenario.signals,
            faults=scenario.faults,
            retries=scenario.retries,
        )
    except ScenarioError as error:
        if error.field != "failures":
            raise
        # So a topology calls what fails in it.
        said = str(error).removeprefix("failures: ")
        raise ScenarioError(f"faults: {said}", field="faults") from None


def aggregated(scenario: ClusterScenario) -> ClusterScenario:
    """The same pools on the same GPUs, each of whose replicas does all of a request."""
    return dataclasses.replace(
        scenario,
        pools=tuple(dataclasses.replace(pool, role=Role.BOTH) for pool in scenario.pools),
        fabric=scenario.fabric or FabricFields(),
    )


def _refuse_too_many(fields):
    """Tables of step times have a row for each number of requests that may run at once."""
    running = fields.settings.max_num_seqs * fields.dp
    if running > MOST_RUNNING:
        raise ScenarioError(
            f"max_num_seqs = {fields.settings.max_num_seqs:,} in each of {fields.dp} attention "
            f"groups are {running:,} requests at once; use {MOST_RUNNING // fields.dp:,} or less",
            field="settings.max_num_seqs",
        )


def _seats(scenario) -> Seated | None:
    fabric = scenario.fabric
    moves = any(pool.role is not Role.BOTH for pool in scenario.pools)
    if fabric is None and not moves:
        return None
    return seated(fabric or FabricFields(), scenario.pools)
