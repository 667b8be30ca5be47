"""How each pool spreads a model over its GPUs."""

from dataclasses import dataclass

from simcore.costs.plan import ROUTINGS, ExpertPlacement, written_split
from simcore.parameters import Choice, Group, Number, Text, parameter

SAME = "the same as the prefill pool"
MOST_SEED = 2**31 - 1


def _degree(key, symbol, label, help, *, high=8, optional=None):
    return Number(
        key=key,
        symbol=symbol,
        label=label,
        unit="",
        help=help,
        low=1,
        high=high,
        step=1,
        least=1,
        most=256,
        optional=optional,
        group=Group.PARALLELISM,
    )


def _split(key, pool):
    return Text(
        key=key,
        symbol="",
        label=f"Layers, {pool}",
        help=f"Layers of each stage of the {pool} pool, from the first on.",
        optional="an even split",
        example="21,20,20,19",
        written=written_split,
        group=Group.PARALLELISM,
    )


@dataclass(frozen=True, kw_only=True)
class ParallelismFields:
    """Degrees of tensor, data and expert parallelism, layer splits and micro-batches."""

    tp: int = parameter(
        _degree(
            *("tp", "TP", "Tensor parallel"),
            "GPUs that share each layer of a prefill stage, and of a decode stage unless that has "
            "its own.",
        ),
        1,
    )
    decode_tp: int | None = parameter(
        _degree(
            *("dtp", "decode TP", "Tensor parallel"),
            "Tensor-parallel degree of the decode pool; empty for that of the prefill pool.",
            optional=SAME,
        ),
        None,
    )
    dp: int = parameter(
        _degree(
            *("dp", "DP", "Attention groups"),
            "Groups of TP GPUs in a stage, each with the attention of its own requests; experts "
            "are spread over all of them.",
        ),
        1,
    )
    decode_dp: int | None = parameter(
        _degree(
            *("ddp", "decode DP", "Attention groups"),
            "Attention groups of a decode stage; empty for those of the prefill pool.",
            optional=SAME,
        ),
        None,
    )
    ep: int = parameter(
        _degree(
            *("ep", "EP", "Expert parallel"),
            "Groups that share the experts of a stage, each expert in one of them; it divides "
            "TP x DP.",
        ),
        1,
    )
    decode_ep: int | None = parameter(
        _degree(
            *("dep", "decode EP", "Expert parallel"),
            "Expert-parallel degree of the decode pool; empty for that of the prefill pool.",
            optional=SAME,
        ),
        None,
    )
    expert_placement: str = parameter(
        Choice(
            key="xplace",
            symbol="",
            label="Expert placement",
            help="linear: neighbouring experts on one GPU. round robin: in turn, one on each.",
            options=lambda: tuple(each.value for each in ExpertPlacement),
            group=Group.PARALLELISM,
        ),
        ExpertPlacement.LINEAR.value,
    )
    routing: str = parameter(
        Choice(
            key="route",
            symbol="",
            label="Expert routing",
            help="balanced: as evenly as can be. random: each token draws its experts evenly. "
            "power law: some experts are in demand.",
            options=lambda: tuple(ROUTINGS),
            group=Group.PARALLELISM,
        ),
        "random",
    )
    seed: int = parameter(
        Number(
            key="seed",
            symbol="",
            label="Seed",
            unit="",
            help="Of what is drawn by chance: which experts a power law favours.",
            low=0,
            high=100,
            step=1,
            least=0,
            most=MOST_SEED,
            group=Group.PARALLELISM,
        ),
        0,
    )
    layer_split: str | None = parameter(_split("split", "prefill"), None)
    decode_layer_split: str | None = parameter(_split("dsplit", "decode"), None)
    decode_microbatches: int = parameter(
        _degree(
            *("mb", "", "Decode micro-batches"),
            "Parts into which the batch is cut for decode, under way at the same time; as many as "
            "stages keep a pipeline full. It divides N.",
            high=32,
        ),
        1,
    )
    cp: int = parameter(
        _degree(
            *("cp", "CP", "Context parallel"),
            "Context parallelism of long prefills; only 1 can be run yet.",
        ),
        1,
    )
