"""Pools as a description has them: replicas, what they run on, and their engine."""

from dataclasses import dataclass

import gpu_catalog
from gpu_catalog import LLM
from simcore.costs.plan import ROUTINGS, Pool, split_of, written_split
from simcore.costs.serving_engines import (
    engine_name,
    engine_names,
    nearest_engine,
    serving_engine,
)
from simcore.parameters import Choice, Group, Number, Text, parameter
from simcore.serving.autoscaling import AUTOSCALERS
from simcore.serving.cluster.spec import Scaling
from simcore.serving.replica import EngineSettings, Role, Victim
from simcore.serving.replica.plan import ReplicaPlan
from simcore.serving.scenario.described import Chooses, OneOf, Switch, Told
from simcore.serving.workload.building import Name
from simcore.topologies.base import Joining

MOST_REPLICAS = 256

SETTINGS = Told(
    EngineSettings,
    {
        "victim": OneOf(Victim),
        "chunked_prefill": Switch(),
        "prefix_caching": Switch(),
        "step_by_step": Switch(),
    },
)


def _count(key, symbol, label, help, *, high=8, most=256) -> Number:
    return Number(
        **{"key": key, "symbol": symbol, "label": label, "unit": "", "help": help},
        **{"low": 1, "high": high, "step": 1, "least": 1, "most": most},
        group=Group.PARALLELISM,
    )


@dataclass(frozen=True, kw_only=True)
class PoolFields:
    """Replicas of one kind.

    Attributes
    ----------
    gpu, engine : by their names in the catalog
    tp, pp, dp, ep : degrees of parallelism of each replica
    layer_split : layers of each stage; None for an even split
    routing : how tokens choose experts
    settings : of the engine
    scaling : None for as many replicas as at the start, for ever
    """

    name: str = parameter(Name(), "pool")
    role: Role = parameter(OneOf(Role), Role.BOTH)
    replicas: int = parameter(
        _count("n", "", "Replicas", "Engines of this pool at the start.", most=MOST_REPLICAS), 1
    )
    gpu: str = parameter(
        Choice(
            **{"key": "gpu", "symbol": "", "label": "GPU", "help": "On which its replicas run."},
            options=lambda: tuple(gpu.name for gpu in gpu_catalog.gpus()),
            named=gpu_catalog.gpu_name,
            nearest=gpu_catalog.nearest_gpu,
        ),
        "NVIDIA H100",
    )
    tp: int = parameter(_count("tp", "TP", "Tensor parallel", "GPUs that share each layer."), 1)
    pp: int = parameter(_count("pp", "PP", "Pipeline stages", "Of each replica."), 1)
    dp: int = parameter(
        _count("dp", "DP", "Attention groups", "Each with the attention of its own requests."), 1
    )
    ep: int = parameter(
        _count("ep", "EP", "Expert parallel", "Groups that share the experts of a stage."), 1
    )
    layer_split: str | None = parameter(
        Text(
            **{"key": "split", "symbol": "", "label": "Layers"},
            help="Layers of each stage, from the first on.",
            optional="an even split",
            example="21,20,20,19",
            written=written_split,
        ),
        None,
    )
    expert_routing: str = parameter(
        Choice(
            **{"key": "route", "symbol": "", "label": "Expert routing"},
            help="How tokens choose their experts.",
            options=lambda: tuple(ROUTINGS),
        ),
        "random",
    )
    engine: str = parameter(
        Choice(
            **{"key": "engine", "symbol": "", "label": "Engine"},
            help="The release whose overheads calibrated costs charge.",
            options=engine_names,
            named=engine_name,
            nearest=nearest_engine,
        ),
        "vLLM 0.19",
    )
    settings: EngineSettings = parameter(SETTINGS, EngineSettings())
    scaling: Scaling | None = parameter(
        Told(Scaling, {"policy": Chooses(AUTOSCALERS)}, optional=True), None
    )

    @property
    def most_replicas(self) -> int:
        """That it may have at one time."""
        return self.scaling.most if self.scaling else self.replicas

    @property
    def stage(self) -> tuple[str, int]:
        """What pools in one place of a topology have in common: the GPU, and GPUs of a stage."""
        return self.gpu, self.tp * self.dp

    def parallel(self) -> Pool:
        """A replica's GPUs, as cost models take them."""
        return Pool(
            name=self.name,
            gpu=gpu_catalog.gpu(self.gpu),
            pp=self.pp,
            tp=self.tp,
            dp=self.dp,
            ep=self.ep,
            layer_counts=split_of(self.layer_split) if self.layer_split else None,
            routing=ROUTINGS[self.expert_routing],
            release=serving_engine(self.engine).release,
        )

    def plan(
        self,
        llm: LLM,
        cost_model: str,
        joining: Joining | None = None,
        onward: Joining | None = None,
    ) -> ReplicaPlan:
        """What a replica is made of; raises ScenarioError where the degrees do not go with `llm`.

        Parameters
        ----------
        joining, onward : what joins the GPUs of a stage, and a stage to the next
        """
        return ReplicaPlan(
            llm=llm,
            pool=self.parallel(),
            settings=self.settings,
            cost_model=cost_model,
            joining=joining,
            onward=onward,
        )
