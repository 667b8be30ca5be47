"""As what the collectives of a run were run, and why."""

from dataclasses import dataclass
from enum import Enum

from simcore.costs.plan import CollectiveForm


class Why(Enum):
    """Why collectives are run as they are.

    Attributes
    ----------
    ASKED : the scenario says so
    ALONE : nothing else uses a wire of theirs, so that flows would take as long
    SHARED : they share a wire with others
    TOO_MANY : they may share a wire with others, but would be too many flows
    """

    ASKED = "asked"
    ALONE = "alone"
    SHARED = "shared"
    TOO_MANY = "too many"


@dataclass(frozen=True)
class CollectivesUsed:
    """As what the collectives of a run were run, and why.

    Attributes
    ----------
    form : AGGREGATED or FLOWS
    why : the reason
    algorithms : of each pool, what it does and by which algorithm
    merged : of flows, how many collectives of a pass at most are run as one, so many times as large
    one_by_one : of flows, whether each transfer between two GPUs is run by itself
    shared : name of a channel that they share with others; None if there is none
    """

    form: CollectiveForm
    why: Why
    algorithms: tuple[tuple[str, str, str], ...]
    merged: float = 1.0
    one_by_one: bool = False
    shared: str | None = None

    @property
    def text(self) -> str:
        """One sentence for people."""
        return f"{self._form()}, {self._reason()}."

    def _form(self):
        if self.form is CollectiveForm.AGGREGATED:
            return "Collectives as one job for each pass"
        if self.merged > 1:
            return f"Collectives as flows, {self.merged:.3g} of a pass in one"
        return "Collectives as flows"

    def _reason(self):
        match self.why:
            case Why.ASKED:
                return "as chosen"
            case Why.ALONE:
                return "since nothing else uses their wires"
            case Why.SHARED:
                return f"since they share {self.shared} with other transfers"
            case Why.TOO_MANY:
                if self.shared is None:
                    return "since as flows they would be too many"
                return (
                    f"though they share {self.shared} with other transfers: as flows they would "
                    "be too many"
                )
        raise ValueError(self.why)
