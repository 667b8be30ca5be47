"""Where the time to first token goes, and what is different if the same GPUs are not in pools."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simcore.serving.results.result import ServingResult

TOLD = {
    "held_s": "before a replica: held back, or lost to failures",
    "engine_s": "taken in by the engine: HTTP, tokenizer, scheduling",
    "queue_s": "queueing for prefill",
    "prefill_s": "prefill",
    "preempted_s": "preemption",
    "room_s": "waiting for room where it decodes",
    "transfer_s": "transfer of KV cache, alone",
    "contention_s": "contention on links",
}
"""The terms of a time to first token, in words and in the order in which they come about."""


@dataclass(frozen=True, slots=True)
class Term:
    """A part of the mean time to first token.

    Attributes
    ----------
    name : of `TOLD`
    told : in words
    mean_s : over completed requests [s]
    """

    name: str
    told: str
    mean_s: float


@dataclass(frozen=True, slots=True)
class Difference:
    """A term in two clusters [s]."""

    name: str
    told: str
    here_s: float
    there_s: float

    @property
    def more_s(self) -> float:
        """By how much it is longer here [s]."""
        return self.here_s - self.there_s


def terms_of(result: ServingResult, above: float | None = None) -> tuple[Term, ...]:
    """The terms of the mean time to first token, which add up to it.

    Parameters
    ----------
    above : percentile from which on requests count, to explain a tail; None for all of them
    """
    columns = result.columns
    chosen = result.completed
    if above is not None and chosen.any():
        chosen = chosen & (columns["ttft_s"] >= np.percentile(columns["ttft_s"][chosen], above))
    means = {name: _mean(columns[name][chosen]) for name in TOLD if name != "engine_s"}
    engine = result.engine_s(chosen)
    means["engine_s"] = engine
    means["queue_s"] -= engine
    return terms_in(means)


def terms_in(means: Mapping[str, float]) -> tuple[Term, ...]:
    """Terms by their means [s], as `plain_terms` gives them."""
    return tuple(Term(name, told, means[name]) for name, told in TOLD.items())


def differences(here: ServingResult, there: ServingResult) -> tuple[Difference, ...]:
    """Term by term, what makes one mean time to first token longer than another."""
    return tuple(
        Difference(a.name, a.told, a.mean_s, b.mean_s)
        for a, b in zip(terms_of(here), terms_of(there), strict=True)
    )


def sentence_of(found: tuple[Term, ...]) -> str:
    """The terms in a sentence, the longest first."""
    total = sum(term.mean_s for term in found)
    if not total > 0:
        return "No request has had a first token."
    long = sorted((t for t in found if t.mean_s >= 0.005 * total), key=lambda t: -t.mean_s)
    parts = [f"{t.told} {1e3 * t.mean_s:.1f} ms ({100 * t.mean_s / total:.0f} %)" for t in long]
    return f"Of a mean TTFT of {1e3 * total:.1f} ms: {'; '.join(parts)}."


def compared_sentence(found: tuple[Difference, ...]) -> str:
    """What makes the difference between disaggregated and aggregated, in a sentence."""
    more = sum(each.more_s for each in found)
    total = sum(each.there_s for each in found)
    if not total > 0:
        return "There is nothing to compare."
    how = "longer" if more > 0 else "shorter"
    large = sorted(found, key=lambda each: -abs(each.more_s))
    large = [each for each in large if abs(each.more_s) >= 0.05 * abs(more) and each.more_s]
    parts = [f"{each.told} {1e3 * each.more_s:+.1f} ms" for each in large]
    return (
        f"Disaggregated, the mean TTFT is {1e3 * abs(more):.1f} ms {how} than aggregated on the "
        f"same GPUs ({1e3 * (total + more):.1f} against {1e3 * total:.1f} ms): {'; '.join(parts)}."
    )


def plain_terms(found: tuple[Term, ...]) -> Mapping[str, float]:
    """Means by name [s]."""
    return {term.name: term.mean_s for term in found}


def _mean(values):
    return float(np.mean(values)) if len(values) else 0.0
