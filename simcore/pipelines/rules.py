"""How GPUs of a stage reduce together, how KV cache is handed over, and what others send."""

from dataclasses import dataclass

from simcore.collectives import AUTO
from simcore.costs.plan import CollectiveForm, HandoffBy, HandoffIn
from simcore.engine import CommChannel


@dataclass(frozen=True)
class Flood:
    """What others send over a channel.

    Attributes
    ----------
    bytes : in all [byte]
    start_s : when [s]
    """

    channel: CommChannel
    bytes: float
    start_s: float


@dataclass(frozen=True, kw_only=True)
class TransferRules:
    """What a scenario says of transfers.

    Attributes
    ----------
    collectives : as what they are run
    all_reduce : the name of an algorithm, or AUTO
    handoff : how often KV cache is handed over
    handoff_layers : layers of a group, where that is per layer group
    by : who starts that
    floods : traffic of others
    one_by_one : no transfer stands for several
    """

    collectives: CollectiveForm = CollectiveForm.AUTO
    all_reduce: str = AUTO
    handoff: HandoffIn = HandoffIn.CHUNKS
    handoff_layers: int = 4
    by: HandoffBy = HandoffBy.PUSH
    floods: tuple[Flood, ...] = ()
    one_by_one: bool = False
