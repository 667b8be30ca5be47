"""What a replica is made of: a model on GPUs, spread in some way, with an engine."""

from dataclasses import dataclass, field
from functools import lru_cache
from math import inf

from gpu_catalog import LLM
from simcore.costs import transformer as tf
from simcore.costs.buffers import activation_bytes, collective_bytes
from simcore.costs.degrees import refuse_wrong_degrees
from simcore.costs.operators.exchanges import exchanges_of
from simcore.costs.plan import Pool, Workload
from simcore.costs.shard import shard_of, weights_on_gpu
from simcore.errors import DoesNotFit
from simcore.serving.replica.costing import StageWork
from simcore.serving.replica.order import Order, in_turn
from simcore.serving.replica.replica import Replica
from simcore.serving.replica.role import Role
from simcore.serving.replica.settings import EngineSettings
from simcore.serving.replica.stages import stage_of
from simcore.serving.replica.step_clock import StepClock
from simcore.topologies.base import Joining

MOST_CLOCKS = 32
ANY = Workload(batch_size=1, prompt_tokens=1, chunk_tokens=1, output_tokens=1)


@dataclass(frozen=True, kw_only=True)
class ReplicaPlan:
    """A model on the GPUs of a pool, and the engine that runs it there.

    Attributes
    ----------
    pool : the GPUs, how the model is spread over them, and the release of the engine
    cost_model : "calibrated" or "physical"
    joining : what joins the GPUs of a stage; None for the fabric that GPUs of this kind have
    onward : what joins a stage to the next; None for no time between them
    """

    llm: LLM
    pool: Pool
    settings: EngineSettings = field(default_factory=EngineSettings)
    cost_model: str = "calibrated"
    joining: Joining | None = None
    onward: Joining | None = None

    def __post_init__(self):
        refuse_wrong_degrees(self.llm, ANY, (self.pool,))

    @property
    def total_blocks(self) -> int:
        """Blocks of the KV cache, of all attention groups together.

        What a GPU has beside weights, activations of the largest step and buffers of collectives is
        cut into blocks; the fullest stage decides. Layers that look at a window are given as many
        blocks as others. Raises DoesNotFit where there is no room for one.
        """
        pool, settings = self.pool, self.settings
        limit = settings.memory_share * pool.gpu.memory
        fewest, need = inf, 0.0
        for stage, layers in enumerate(pool.layers(self.llm.layers)):
            part = tf.slice_of(self.llm, layers)
            fixed = weights_on_gpu(self.llm, pool.sharing, part) + self._buffers(part, stage)
            token = part.layers * tf.kv_bytes_per_token(shard_of(self.llm, pool.sharing))
            block = settings.block_tokens * token
            if (limit - fixed) / block < fewest:
                fewest, need = (limit - fixed) / block, fixed + block
        if fewest < 1:
            raise DoesNotFit(
                f"the weights of {self.llm.name} and the activations of a step fill a "
                f"{pool.gpu.name}: they and one block of KV cache need {need / 1e9:.1f} GB of "
                f"{limit / 1e9:.1f} GB; use more GPUs, or lower max_num_batched_tokens",
                pool=pool.name,
                need=need,
                limit=limit,
                remedies={},
                field="tp",
            )
        return int(fewest) * pool.dp

    @property
    def max_tokens(self) -> int:
        """Most tokens of one request."""
        settings = self.settings
        most = self.total_blocks // self.pool.dp * settings.block_tokens
        return min(most, settings.max_model_tokens or most)

    @property
    def clock(self) -> StepClock:
        """How long its steps take; of equal plans the same object."""
        return _clock(_Described(self))

    def replica(self, index: int, *, role: Role = Role.BOTH, order: Order = in_turn) -> Replica:
        """A replica of this plan, empty."""
        return Replica(
            index,
            self.clock,
            total_blocks=self.total_blocks,
            settings=self.settings,
            role=role,
            groups=self.pool.dp,
            order=order,
        )

    def _buffers(self, part, stage):
        pool, settings = self.pool, self.settings
        tokens = settings.max_num_batched_tokens
        everyone = tokens * pool.dp
        exchanges = exchanges_of(
            self.llm, part, pool.sharing, tokens=tokens, everyone=everyone, received=stage > 0
        )
        return collective_bytes(exchanges) + activation_bytes(
            self.llm,
            part,
            pool.sharing,
            tokens=tokens,
            everyone=everyone,
            outputs=settings.max_num_seqs,
        )


class _Described:
    """A plan as a key: releases hold dictionaries, but everything in them says what it is."""

    __slots__ = ("plan", "said")

    def __init__(self, plan):
        self.plan, self.said = plan, repr(plan)

    def __hash__(self):
        return hash(self.said)

    def __eq__(self, other):
        return self.said == other.said


@lru_cache(maxsize=MOST_CLOCKS)
def _clock(described: _Described) -> StepClock:
    plan = described.plan
    pool, settings, llm = plan.pool, plan.settings, plan.llm
    each = 1 + settings.draft_tokens
    requests = settings.max_num_seqs * pool.dp
    known, stages = {}, []
    for number, layers in enumerate(pool.layers(llm.layers)):
        kind = tf.slice_of(llm, layers), number > 0 and pool.tp > 1
        if kind not in known:
            work = StageWork(
                llm=llm,
                gpu=pool.gpu,
                sharing=pool.sharing,
                part=kind[0],
                received=kind[1],
                joining=plan.joining,
                tokens=settings.max_num_batched_tokens,
                requests=requests,
                context=plan.max_tokens,
                each=each,
            )
            known[kind] = stage_of(plan.cost_model, work, pool.release)
        stages.append(known[kind])
    knows_engines = plan.cost_model == "calibrated"
    onward = plan.onward
    # Each of the TP GPUs sends its part of a token's vector.
    token_bytes = llm.hidden * llm.activation_bytes_per_element / pool.tp
    return StepClock(
        stages,
        requests=requests,
        contexts=stages[0].work.contexts(),
        groups=pool.dp,
        each=each,
        request_s=pool.release.request_s if knows_engines else 0.0,
        tokens_per_step=pool.release.tokens_per_step if knows_engines else 1.0,
        hop=(onward.bandwidth, onward.latency_s, token_bytes) if onward else (inf, 0.0, 0.0),
    )
