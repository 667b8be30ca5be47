"""A cluster and what is asked of it, as one frozen value and as a file."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

import gpu_catalog
from simcore.errors import ScenarioError
from simcore.parameters import Choice, Number, parameter
from simcore.scenario_text import text_of, values_in
from simcore.serving.cluster.spec import Bounds, Fault, KVTransfer, Policies, Signals
from simcore.serving.replica import Role
from simcore.serving.scenario.described import OneOf
from simcore.serving.scenario.fabric import FabricFields
from simcore.serving.scenario.operating import BOUNDS, POLICIES, SIGNALS, Faults
from simcore.serving.scenario.pools import PoolFields
from simcore.serving.workload.arrivals.poisson import Poisson
from simcore.serving.workload.building import Part, Parts, built, plain
from simcore.serving.workload.laws.lognormal import Lognormal
from simcore.serving.workload.load import Load, requests_bound
from simcore.serving.workload.workload import Workload, workload_of

MOST_POOLS = 16
MOST_SEED = 2**31 - 1
COST_MODELS = ("calibrated", "physical")

FOUR_H100 = {"gpu": "NVIDIA H100", "tp": 4, "replicas": 2}


@dataclass(frozen=True)
class Asked:
    """The field that is a workload."""

    @staticmethod
    def check(name: str, value) -> Workload:
        """The workload that a mapping describes."""
        return value if isinstance(value, Workload) else workload_of(value, name)

    @staticmethod
    def plain(value: Workload) -> dict:
        """The mapping."""
        return value.plain()


@dataclass(frozen=True, kw_only=True)
class ClusterScenario:
    """Everything that a run of a cluster depends on.

    Attributes
    ----------
    model : by its name in the catalog
    pools : one or more; all of their replicas serve the model
    fabric : None: between pools that move KV cache, as by default; otherwise none is looked at, and
        each replica has the fabric that its GPUs come with
    signals : how old what policies see is
    kv_transfer : when KV cache is moved
    retries : how often a request is started again after failures
    seed : of everything that is drawn
    """

    model: str = parameter(
        Choice(
            **{"key": "llm", "symbol": "", "label": "Model", "help": "The model that is served."},
            options=lambda: tuple(llm.name for llm in gpu_catalog.llms()),
            named=gpu_catalog.llm_name,
            nearest=gpu_catalog.nearest_llm,
        ),
        "LLaMA-3.1-70B",
    )
    cost_model: str = parameter(
        Choice(
            **{"key": "costs", "symbol": "", "label": "Cost model"},
            help="calibrated: as measured. physical: at the hardware's peaks.",
            options=lambda: COST_MODELS,
        ),
        COST_MODELS[0],
    )
    pools: tuple[PoolFields, ...] = parameter(
        Parts(PoolFields, MOST_POOLS),
        (
            PoolFields(name="prefill", role=Role.PREFILL, **FOUR_H100),
            PoolFields(name="decode", role=Role.DECODE, **FOUR_H100),
        ),
    )
    fabric: FabricFields | None = parameter(Part(FabricFields), None)
    workload: Workload = parameter(
        Asked(),
        Workload(
            clients=(
                Load(
                    arrivals=Poisson(rate_per_s=8.0),
                    prompt=Lognormal(mean=1024.0, cv=1.0),
                    output=Lognormal(mean=256.0, cv=1.0),
                    ttft_s=1.0,
                    tpot_s=0.05,
                ),
            ),
            requests=1000,
        ),
    )
    policies: Policies = parameter(POLICIES, Policies())
    signals: Signals = parameter(SIGNALS, Signals())
    kv_transfer: KVTransfer = parameter(OneOf(KVTransfer), KVTransfer.AFTER)
    faults: tuple[Fault, ...] = parameter(Faults(), ())
    bounds: Bounds = parameter(BOUNDS, Bounds())
    retries: int = parameter(
        Number(
            **{"key": "retries", "symbol": "", "label": "Retries", "unit": ""},
            help="How often a request is started again after failures.",
            **{"low": 0, "high": 10, "step": 1, "least": 0, "most": 1000},
        ),
        3,
    )
    seed: int = parameter(
        Number(
            **{"key": "seed", "symbol": "", "label": "Seed", "unit": ""},
            help="Of everything that is drawn by chance.",
            **{"low": 0, "high": 100, "step": 1, "least": 0, "most": MOST_SEED},
        ),
        0,
    )

    def __post_init__(self):
        if not self.pools:
            raise ScenarioError("pools: there is none; give one or more", field="pools")
        names = [pool.name for pool in self.pools]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise ScenarioError(
                    f"two pools are called {name!r}; their names tell them apart, so change one",
                    field=f"pools[{place}].name",
                )

    def replace(self, **changes) -> "ClusterScenario":
        """A scenario that differs in `changes`, which are plain data, as in a file."""
        return type(self).from_dict({**self.to_dict(), **changes})

    def asking(self, *, requests: int | None = None, trace: str | None = None) -> "ClusterScenario":
        """The same cluster, asked so many requests, or all that a trace in the file `trace` says.

        Raises ScenarioError for a number that is out of range, and where a trace would take the
        place of several clients.
        """
        workload = self.workload
        if trace is not None:
            workload = workload.replaying(trace)
            workload = dataclasses.replace(workload, requests=None, duration_s=None)
        if requests is not None:
            workload = first_of(workload, requests)
        return dataclasses.replace(self, workload=workload)

    def to_dict(self) -> dict:
        """As plain data, which `from_dict` reads; what is as by default is left out."""
        return plain(self)

    def to_yaml(self) -> str:
        """As a YAML file has it."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False)

    def to_json(self) -> str:
        """As a JSON file has it."""
        return json.dumps(self.to_dict(), indent=2)

    @classmethod
    def from_dict(cls, values) -> "ClusterScenario":
        """The scenario that a mapping describes; raises ScenarioError that names the place."""
        if not isinstance(values, Mapping):
            raise ScenarioError(
                "a cluster is a mapping of field names to values, not "
                f"{type(values).__name__}; begin with model, pools and workload"
            )
        return built(cls, "", values)

    @classmethod
    def from_text(cls, text: str) -> "ClusterScenario":
        """The scenario in a YAML or JSON text; raises ScenarioError where it is neither."""
        return cls.from_dict(values_in(text))

    @classmethod
    def load(cls, path) -> "ClusterScenario":
        """The scenario in a YAML or JSON file; errors name the file."""
        try:
            return cls.from_text(text_of(path))
        except ScenarioError as error:
            raise ScenarioError(f"{Path(path).name}: {error}", field=error.field) from None


def first_of(workload: Workload, requests: int) -> Workload:
    """The first requests of a workload."""
    requests = requests_bound("").check("requests", requests)
    clients = workload.clients
    if len(clients) == 1 and clients[0].requests:
        clients = (dataclasses.replace(clients[0], requests=None),)
    return dataclasses.replace(workload, clients=clients, requests=requests)
