"""All that is asked of a cluster, as a value."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simcore.errors import ScenarioError
from simcore.parameters import Number, parameter, parameters_of
from simcore.serving.workload.arrivals.closed_loop import ClosedLoop
from simcore.serving.workload.bounds import MOST_CLIENTS, MOST_REQUESTS, MOST_SHARED
from simcore.serving.workload.building import Parts, built, plain, refuse_unknown
from simcore.serving.workload.load import Load, requests_bound
from simcore.serving.workload.recorded import AUTO, Trace
from simcore.serving.workload.source import WorkloadSource


@dataclass(frozen=True, kw_only=True)
class Workload:
    """The clients, and when to stop.

    Attributes
    ----------
    requests : of all clients together, the first ones; the last session may be cut short
    duration_s : nothing new starts later; sessions under way go on [s]
    """

    clients: tuple[Load, ...] = parameter(Parts(Load, MOST_CLIENTS), ())
    requests: int | None = parameter(requests_bound("Of all clients together."), None)
    duration_s: float | None = parameter(
        Number(
            **{"key": "duration", "symbol": "", "label": "Duration", "unit": "s"},
            help="Nothing new starts later; sessions under way go on.",
            **{"low": 10, "high": 3600, "step": 10, "least": 0.0, "most": 1e9},
            whole=False,
            optional="no bound",
        ),
        None,
    )

    def __post_init__(self):
        if not self.clients:
            raise ScenarioError("there is no client; give one or more", field="clients")
        names = [load.name for load in self.clients]
        for place, load in enumerate(self.clients):
            if load.name in names[:place]:
                raise ScenarioError(
                    f"two clients are called {load.name!r}; their names tell them apart, so change "
                    "one",
                    field=f"clients[{place}].name",
                )
            if isinstance(load.arrivals, ClosedLoop):
                self._check_closed(place, load)
            elif not (load.trace or self.requests or self.duration_s is not None):
                raise ScenarioError(
                    f"client {load.name!r} never stops asking; give requests or duration_s",
                    field="requests",
                )

        if (shared := sum(load.shared_contents for load in self.clients)) > MOST_SHARED:
            raise ScenarioError(
                f"{shared:,} prefixes and passages in all are more than {MOST_SHARED:,}; use fewer "
                "groups, or a smaller corpus",
                field="clients",
            )

    def _check_closed(self, place, load):
        """A closed loop needs a bound: refused at once, it would ask for ever at one instant."""
        alone = len(self.clients) == 1
        if not load.requests and not (alone and self.requests):
            field = "requests" if alone else f"clients[{place}].requests"
            raise ScenarioError(
                f"client {load.name!r} asks again whenever it has an answer; give {field}, how "
                "often in all",
                field=field,
            )

    @property
    def allowances(self) -> tuple[int | None, ...]:
        """How many requests each client in a closed loop may make; None for the others."""
        left = self.requests or MOST_REQUESTS
        allowances: list[int | None] = []
        for load in self.clients:
            if isinstance(load.arrivals, ClosedLoop):
                allowances.append(min(load.requests or left, left))
                left -= allowances[-1]
            else:
                allowances.append(None)
        return tuple(allowances)

    def source(self, seed: int, folder: Path | None = None) -> WorkloadSource:
        """The requests for `seed`, for one run.

        `folder` is what the files of traces are relative to; None: no file is read, and a trace is
        a ScenarioError.
        """
        return WorkloadSource(
            self.clients,
            self.allowances,
            requests=self.requests or MOST_REQUESTS,
            duration_s=self.duration_s,
            seed=seed,
            folder=folder,
        )

    def replaying(self, file: str) -> "Workload":
        """The same client, who asks what the trace in `file` says, and when it says so.

        Raises ScenarioError if there are several clients.
        """
        if len(self.clients) > 1:
            raise ScenarioError(
                "a trace takes the place of one client, and there are "
                f"{len(self.clients)}; describe the trace in the scenario",
                field="clients",
            )
        [load] = self.clients
        kept = {name: getattr(load, name) for name in ("name", "priority", "ttft_s", "tpot_s")}
        trace = dataclasses.replace(load.trace or Trace(), file=file, format=AUTO)
        return dataclasses.replace(self, clients=(Load(**kept, trace=trace),))

    def plain(self) -> dict:
        """As plain data, which `workload_of` takes; what is as by default is left out."""
        return plain(self)


def workload_of(description: Mapping, where: str = "") -> Workload:
    """A workload from plain data, as a YAML file has it.

    Parameters
    ----------
    description : `clients`, a list of mappings with the fields of `Load`; `requests` and
        `duration_s`. A workload of one client may have the client's fields in place of `clients`
    where : place of the description, for messages

    Raises ScenarioError that names the place, in `field`, too.
    """
    if not isinstance(description, Mapping) or "clients" in description:
        return built(Workload, where, description)
    of_all = parameters_of(Workload)
    refuse_unknown(where, description, [*parameters_of(Load), *of_all])
    rest = {key: value for key, value in description.items() if key in of_all}
    client = {key: value for key, value in description.items() if key not in of_all}
    return built(Workload, where, rest, clients=(built(Load, where, client),) if client else ())
