"""What one client asks of a cluster, as a value."""

from dataclasses import dataclass

from simcore.errors import ScenarioError
from simcore.parameters import Number, parameter
from simcore.serving.request import Client
from simcore.serving.workload.arrivals import ARRIVALS, Arrivals
from simcore.serving.workload.arrivals.closed_loop import ClosedLoop
from simcore.serving.workload.bounds import MOST_REQUESTS
from simcore.serving.workload.building import Chosen, Name, Part, Parts
from simcore.serving.workload.laws import Law, amounts
from simcore.serving.workload.prefixes import Prefix
from simcore.serving.workload.recorded import Trace
from simcore.serving.workload.sessions import Session

MOST_PREFIXES = 8
MOST_PRIORITY = 1000


def requests_bound(help: str) -> Number:
    """The description of a field that bounds how many requests there are."""
    return Number(
        **{"key": "requests", "symbol": "", "label": "Requests", "unit": "requests"},
        help=help,
        **{"low": 100, "high": 10_000, "step": 100, "least": 1, "most": MOST_REQUESTS},
        optional="no bound",
    )


def limit(key: str, label: str) -> Number:
    """The description of a limit that a client was promised [s]."""
    return Number(
        **{"key": key, "symbol": "", "label": label, "unit": "s"},
        help="What the client was promised; a request that takes longer misses it.",
        **{"low": 0.01, "high": 10, "step": 0.01, "least": 1e-6, "most": 1e6},
        whole=False,
        optional="no limit",
    )


@dataclass(frozen=True, kw_only=True)
class Load:
    """One client: when it asks, what it asks, and what it was promised.

    Attributes
    ----------
    arrivals : of requests; of sessions, if it has any. None: as the trace has them
    prompt : tokens of a request's own, or of each message of a session; None: as the trace has them
    output : tokens of an answer; None: as the trace has them
    prefixes : shared content in front of the prompt's own, in this order
    requests : bound of a closed loop; None: the workload's, if the client is alone
    """

    name: str = parameter(Name(), "client")
    priority: int = parameter(
        Number(
            **{"key": "priority", "symbol": "", "label": "Priority", "unit": ""},
            help="Of its requests; lower is more urgent.",
            **{"low": 0, "high": 10, "step": 1, "least": -MOST_PRIORITY, "most": MOST_PRIORITY},
        ),
        0,
    )
    ttft_s: float | None = parameter(limit("ttft", "TTFT limit"), None)
    tpot_s: float | None = parameter(limit("tpot", "TPOT limit"), None)
    arrivals: Arrivals | ClosedLoop | None = parameter(Chosen(ARRIVALS, optional=True), None)
    prompt: Law | None = parameter(amounts(optional=True), None)
    output: Law | None = parameter(amounts(optional=True), None)
    prefixes: tuple[Prefix, ...] = parameter(Parts(Prefix, MOST_PREFIXES), ())
    session: Session | None = parameter(Part(Session), None)
    trace: Trace | None = parameter(Part(Trace), None)
    requests: int | None = parameter(requests_bound("Bound of a closed loop."), None)

    def __post_init__(self):
        if self.trace:
            for name in ("prefixes", "session"):
                if getattr(self, name):
                    raise ScenarioError(
                        f"{name} cannot go with a trace, which says what prompts hold; remove one "
                        "of the two",
                        field=name,
                    )
        else:
            for name in ("arrivals", "prompt", "output"):
                if getattr(self, name) is None:
                    raise ScenarioError(
                        f"{name} is missing; give it a law, or replay a trace", field=name
                    )
        if self.requests is not None and not isinstance(self.arrivals, ClosedLoop):
            raise ScenarioError(
                "requests bounds a closed loop; bound the whole workload instead", field="requests"
            )

    @property
    def client(self) -> Client:
        """Who asks."""
        return Client(
            name=self.name, priority=self.priority, ttft_s=self.ttft_s, tpot_s=self.tpot_s
        )

    @property
    def shared_prefixes(self) -> int:
        """How many prefixes there are, in all groups."""
        return sum(prefix.groups for prefix in self.prefixes)

    @property
    def shared_contents(self) -> int:
        """How many prefixes and passages there are, which its requests share."""
        look_up = self.session and self.session.retrieval
        return self.shared_prefixes + (look_up.corpus if look_up else 0)
