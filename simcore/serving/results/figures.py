"""The figures of a run: of all requests, and of each client's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simcore.serving.cluster import Status
from simcore.serving.request import Client
from simcore.serving.results.rows import STATUSES
from simcore.serving.results.spread import Spread, jain
from simcore.serving.results.token_times import TokenTimes, joined

LATENCIES = ("ttft_s", "tpot_s", "itl_s", "e2e_s")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of all requests, or those of one client.

    Attributes
    ----------
    requests : that have ended, or were under way when the run ended
    ttft_s, tpot_s, itl_s, e2e_s : time to first token, per output token after it, between two
        output tokens, and from arrival to the last token, of completed requests [s]
    throughput : completed requests in a second, from the first arrival to the last end [1/s]
    input_tokens_per_s, output_tokens_per_s : theirs [1/s]
    goodput : completed requests in a second that kept the limits of their client [1/s]
    attainment : of all that arrived, the share that did
    fairness : Jain's index of the speeds, in output tokens for each second from arrival to end, at
        which requests were answered
    cached_share : of the prompt tokens of completed requests, those found in a prefix cache
    preemptions : of completed requests
    """

    requests: int
    completed: int
    ttft_s: Spread
    tpot_s: Spread
    itl_s: Spread
    e2e_s: Spread
    throughput: float
    input_tokens_per_s: float
    output_tokens_per_s: float
    goodput: float
    attainment: float
    fairness: float
    cached_share: float
    preemptions: int

    def plain(self) -> dict:
        """By name, for JSON."""
        return {
            name: value.plain() if isinstance(value, Spread) else value
            for name, value in ((f, getattr(self, f)) for f in self.__dataclass_fields__)
        }


def figures(
    columns: Mapping[str, np.ndarray],
    times: Sequence[TokenTimes],
    *,
    duration_s: float,
    in_flight: int = 0,
) -> Figures:
    """The figures of some rows.

    Parameters
    ----------
    times : between their tokens
    duration_s : from the first arrival to the last end [s]
    in_flight : requests without a row, since the run ended before they did
    """
    done = columns["status"] == STATUSES.index(Status.COMPLETED)
    completed = int(done.sum())
    requests = len(done) + in_flight
    per_s = 1.0 / duration_s if duration_s > 0 else float("nan")
    prompt, output = (columns[name][done] for name in ("prompt_tokens", "output_tokens"))
    met = int(columns["met"].sum())
    ttft, tpot, e2e = (columns[name][done] for name in ("ttft_s", "tpot_s", "e2e_s"))
    return Figures(
        requests=requests,
        completed=completed,
        ttft_s=Spread.of(ttft),
        tpot_s=Spread.of(tpot[~np.isnan(tpot)]),
        itl_s=joined(times).spread(),
        e2e_s=Spread.of(e2e),
        throughput=completed * per_s,
        input_tokens_per_s=float(prompt.sum()) * per_s,
        output_tokens_per_s=float(output.sum()) * per_s,
        goodput=met * per_s,
        attainment=met / requests if requests else float("nan"),
        fairness=jain(output / np.maximum(e2e, 1e-12)),
        cached_share=float(columns["cached_tokens"][done].sum() / max(1, prompt.sum())),
        preemptions=int(columns["preemptions"][done].sum()),
    )


def fairness_of_clients(columns, clients: Sequence[Client]) -> float:
    """Jain's index of the speeds at which clients were answered: of their output tokens over the
    sum of the times from arrival to end.
    """
    done = columns["status"] == STATUSES.index(Status.COMPLETED)
    client = columns["client"][done]
    tokens = np.bincount(client, columns["output_tokens"][done], len(clients))
    seconds = np.bincount(client, columns["e2e_s"][done], len(clients))
    some = seconds > 0
    return jain(tokens[some] / seconds[some])


def some_rows(columns: Mapping[str, np.ndarray], chosen: np.ndarray) -> dict[str, np.ndarray]:
    """Some rows."""
    return {name: values[chosen] for name, values in columns.items()}
