"""What the page calls GPUs and those that use a wire."""

from collections.abc import Iterable
from dataclasses import dataclass

from app import numbers
from app.figures.palette import NAMES
from simcore import Scenario
from simcore.explain.channel_use import Flow, Sharer

# Of a kind's flows so many are named.
MOST_NAMED = 3
LEAST_DELAY_S = 1e-9


def pool_letter(pool: str) -> str:
    """P or D, as stages are called everywhere."""
    return pool[:1].upper()


def gpu_name(pool: str, stage: int, rank: int) -> str:
    """A GPU by pool, stage and rank; the rank is -1 where a stage has but one GPU."""
    return f"{pool_letter(pool)}{stage}" + (f".{rank}" if rank >= 0 else "")


def kind_name(kind: str) -> str:
    """A kind of transfers."""
    return NAMES.get(kind, kind.capitalize())


@dataclass(frozen=True)
class Names:
    """What those that use wires are called in one scenario.

    Attributes
    ----------
    several : pools whose stages have more than one GPU: those have ranks to be told
    """

    several: frozenset[str]

    @classmethod
    def of(cls, scenario: Scenario) -> "Names":
        """Those in a scenario."""
        pools = scenario.prefill_pool, scenario.decode_pool
        return cls(frozenset(pool.name for pool in pools if pool.stage_gpus > 1))

    def gpu(self, pool: str, stage: int, rank: int) -> str:
        """A GPU by pool, stage and rank, or all of a stage."""
        return gpu_name(pool, stage, rank if pool in self.several else -1)

    def where(self, flow: Flow) -> str:
        """From where to where a flow goes, and for how many; "" where that is not said."""
        ends = self.ends(flow)
        return f"{ends} ×{numbers.count(flow.shards)}" if ends and flow.shards > 1 else ends

    def ends(self, flow: Flow) -> str:
        """From where to where a flow goes; "" where that is not said."""
        if flow.stage < 0:
            return ""
        sender = "decode" if flow.kind.startswith("decode") else "prefill"
        receiver = "decode" if flow.kind == "handoff" else sender
        start = self.gpu(sender, flow.stage, flow.rank)
        # Among the GPUs of one stage.
        to_stage = flow.stage if flow.to_stage < 0 <= flow.to_rank else flow.to_stage
        return start if to_stage < 0 else f"{start} → {self.gpu(receiver, to_stage, flow.to_rank)}"

    def flow(self, flow: Flow) -> str:
        """A flow by its kind and its ends."""
        return " ".join(filter(None, (kind_name(flow.kind), self.where(flow))))

    def sharers(self, sharers: Iterable[Sharer]) -> list[dict]:
        """The flows of each kind together, those first that a channel cost most."""
        kinds: dict[str, list[Sharer]] = {}
        for sharer in sharers:
            kinds.setdefault(sharer.flow.kind, []).append(sharer)
        told = []
        for kind, own in kinds.items():
            ends = list(dict.fromkeys(filter(None, (self.ends(one.flow) for one in own))))
            more = len(ends) - MOST_NAMED
            delay = sum(one.delay_s for one in own)
            told.append(
                {
                    "kind": kind,
                    "name": kind_name(kind),
                    "who": ", ".join(ends[:MOST_NAMED])
                    + (f" and {numbers.count(more)} more" if more > 0 else ""),
                    "transfers": numbers.count(sum(one.transfers for one in own)),
                    "delay": delay_text(delay),
                    "delay_s": delay,
                }
            )
        return sorted(told, key=lambda kind: -kind["delay_s"])


def delay_text(seconds: float) -> str:
    """A cost; what is nothing but rounding is none."""
    return numbers.duration_text(seconds) if seconds > LEAST_DELAY_S else "–"
