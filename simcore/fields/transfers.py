"""How GPUs of a stage reduce together, and how the KV cache is handed over."""

from dataclasses import dataclass

from simcore.collectives import ALGORITHMS, AUTO
from simcore.costs.plan import CollectiveForm, HandoffBy, HandoffIn
from simcore.parameters import Choice, Group, Number, parameter


def _choice(key, label, help, options):
    return Choice(
        key=key, symbol="", label=label, help=help, options=options, group=Group.TRANSFERS
    )


@dataclass(frozen=True, kw_only=True)
class TransferFields:
    """Collectives and KV handoff."""

    collectives: str = parameter(
        _choice(
            *("coll", "Collectives"),
            "aggregated: one job for each stage and chunk. flows: transfers on the wires, which "
            "they share with all others. auto: flows where they could meet others on a wire, and "
            "are few enough.",
            lambda: tuple(each.value for each in CollectiveForm),
        ),
        CollectiveForm.AUTO.value,
    )
    all_reduce: str = parameter(
        _choice(
            *("ar", "All-reduce"),
            "The algorithm by which the GPUs of a stage add up, as fast as the wires let it. auto: "
            "the fastest on the wires for the size, and what was measured where the costs are "
            "calibrated, which is mostly longer.",
            lambda: (AUTO, *ALGORITHMS.names()),
        ),
        AUTO,
    )
    handoff: str = parameter(
        _choice(
            *("hand", "KV handoff"),
            "When a prefill stage hands its KV cache over: after every chunk, after every few "
            "layers of a chunk, or once at the end.",
            lambda: tuple(each.value for each in HandoffIn),
        ),
        HandoffIn.CHUNKS.value,
    )
    handoff_layers: int = parameter(
        Number(
            key="hl",
            symbol="",
            label="Layers handed over",
            unit="layers",
            help="Layers of a group, where the KV cache is handed over per layer group.",
            low=1,
            high=16,
            step=1,
            least=1,
            most=256,
            group=Group.TRANSFERS,
        ),
        4,
    )
    handoff_by: str = parameter(
        _choice(
            *("by", "Handed over by"),
            "push: the prefill pool sends as soon as it can. pull: the decode pool is told, asks, "
            "and is sent it then.",
            lambda: tuple(each.value for each in HandoffBy),
        ),
        HandoffBy.PUSH.value,
    )
