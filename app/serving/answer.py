"""What the page shows for a request: cards, figures, and what they amount to."""

import math
import re

import numpy as np
from dash import html

from app import numbers
from app.figures.serving import cdf
from app.gantt6d.asked import seq_of
from app.serving.asked import Asked, read
from app.serving.runs import ServingRuns, other_of
from app.serving.settings import DISAGGREGATED, FIELDS, field_of
from app.serving.timelines import timelines
from app.serving.waterfall import waterfall
from app.still import html_of
from simcore.errors import DoesNotFit, PdscopeError
from simcore.serving.cluster import Verdict
from simcore.serving.results import ServingResult, sentence_of, terms_of
from simcore.serving.results.explain import compared_sentence, differences

CARDS = {
    "ttft_p50": ("TTFT p50", "time to first token, median", -1),
    "ttft_p99": ("TTFT p99", "time to first token, 99 % keep it", -1),
    "tpot_p50": ("TPOT p50", "time per output token, median", -1),
    "tpot_p99": ("TPOT p99", "time per output token, 99 % keep it", -1),
    "goodput": ("Goodput", "within both limits", 1),
    "attainment": ("Attainment", "of all, within both limits", 1),
    "usd": ("Cost", "of a million output tokens, by rents", -1),
    "verdict": ("Verdict", "does the cluster keep up?", 0),
}
"""Title, meaning, and whether more is better (1) or worse (-1), by name."""

SECOND_POOLS = ("decode", "second")
LEAST_S = 1e-9
"""Of a part that is told; what is less is left of sums [s]."""

TAIL = 99
"""Percentile of the time to first token, from which on requests are the tail."""


def answer_to(body, runs: ServingRuns) -> dict:
    """The answer to whatever the browser sent; it never raises for what may be posted."""
    try:
        asked = read(body)
        result = runs.of(asked.settings, coarse=asked.coarse)
    except PdscopeError as error:
        return refusal(body, error)
    return shown(result, asked)


def shown(result: ServingResult, asked: Asked) -> dict:
    """What the page shows of a result."""
    found = {
        "seq": asked.seq,
        "coarse": asked.coarse,
        "cards": cards_of(result),
        "said": said(result),
        "ledger": ledger_text(result),
        "partial": result.partial and f"Partial: {numbers.spaced(result.partial)}.",
        "figures": cdfs(result, asked),
    }
    if not asked.coarse:
        found["figures"] |= {
            "timelines": timelines(result, asked.scheme),
            "waterfall": waterfall(result, asked.scheme),
        }
        found["explained"] = html_of(explained(result))
    return found


def compared(body, runs: ServingRuns) -> dict:
    """The same requests in both arrangements of the same GPUs, term by term."""
    try:
        asked = read(body)
        here, there = runs.both(asked.settings)
    except PdscopeError as error:
        return refusal(body, error)
    apart = asked.settings.arrangement == DISAGGREGATED
    disaggregated, aggregated = (here, there) if apart else (there, here)
    found = differences(disaggregated, aggregated)
    partial = disaggregated.partial or aggregated.partial
    return {
        "seq": asked.seq,
        "said": compared_sentence(found)
        + (f" Partial: {numbers.spaced(partial)}." if partial else ""),
        "table": html_of(_compared_table(found, disaggregated, aggregated)),
        "figures": cdfs(there, asked),
        "name": other_of(asked.settings.arrangement),
    }


def cdfs(result: ServingResult, asked: Asked) -> dict:
    """The two distributions with the limits of the settings."""
    settings, done = asked.settings, result.completed
    name = settings.arrangement
    ttft, tpot = result.columns["ttft_s"][done], result.columns["tpot_s"][done]
    return {
        "ttft": cdf(ttft, settings.ttft_limit / 1e3, "TTFT", name, asked.scheme),
        "tpot": cdf(tpot[~np.isnan(tpot)], settings.tpot_limit / 1e3, "TPOT", name, asked.scheme),
    }


def cards_of(result: ServingResult) -> dict:
    """By name the number, its unit, and the plain value, None where there is none."""
    found = result.figures
    values = {
        "ttft_p50": found.ttft_s.p50,
        "ttft_p99": found.ttft_s.p99,
        "tpot_p50": found.tpot_s.p50,
        "tpot_p99": found.tpot_s.p99,
        "goodput": found.goodput,
        "attainment": found.attainment,
        "usd": result.prices.usd_per_million_output,
    }
    cards = {name: _card(name, value) for name, value in values.items()}
    cards["verdict"] = [result.verdict.value, "", None]
    return cards


def _card(name, value):
    if value is None or not math.isfinite(value):
        return ["–", "", None]
    if name == "goodput":
        return [numbers.significant(value), "req/s", value]
    if name == "attainment":
        return [*numbers.percent(value).split(" "), value]
    if name == "usd":
        return [numbers.significant(value), "$/M", value]
    return [*numbers.duration(value), value]


def said(result: ServingResult) -> str:
    """What the run amounts to, for eyes and screen readers."""
    told = {
        Verdict.STABLE: "The cluster keeps up",
        Verdict.BACKLOGGED: "The cluster is backlogged: requests mostly wait, but not ever longer",
        Verdict.OVERLOADED: "The cluster is overloaded: requests wait ever longer",
    }[result.verdict]
    return f"{told}. {sentence_of(terms_of(result))}"


def ledger_text(result: ServingResult) -> str:
    """That nothing has vanished."""
    count = {name: numbers.count(value) for name, value in result.ledger.items()}
    pools = ", ".join(
        f"{pool.name} busy {numbers.percent(pool.utilisation)}" for pool in result.pools
    )
    return (
        f"{count['arrived']} arrived = {count['completed']} completed + {count['refused']} refused "
        f"+ {count['failed']} failed + {count['in_flight']} in flight; {pools}; "
        f"{numbers.significant(result.duration_s)} s simulated."
    )


def explained(result: ServingResult):
    """The terms of the time to first token: of all requests, and of the slowest."""
    every, tail = terms_of(result), terms_of(result, above=TAIL)
    total, tails = (sum(term.mean_s for term in terms) for terms in (every, tail))
    rows = [
        html.Tr(
            [
                html.Th(term.told, scope="row"),
                *_cells(term.mean_s, total),
                *_cells(slow.mean_s, tails),
            ]
        )
        for term, slow in zip(every, tail, strict=True)
        if max(term.mean_s, slow.mean_s) >= LEAST_S
    ]
    heads = ("Part of the TTFT", "mean", "share", "of the slowest 1 %", "share")
    return html.Table(
        [
            html.Caption("TTFT explained"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(
                [
                    *rows,
                    html.Tr(
                        [
                            html.Th("all of it", scope="row"),
                            *_cells(total, total),
                            *_cells(tails, tails),
                        ]
                    ),
                ]
            ),
        ],
        className="told-table",
    )


def _cells(seconds, total):
    share = seconds / total if total > 0 else 0.0
    return [html.Td(_time(seconds)), html.Td(numbers.percent(share))]


def _compared_table(found, disaggregated, aggregated):
    heads = ("Part of the TTFT", "disaggregated", "aggregated", "difference")
    rows = [
        (each.told, _time(each.here_s), _time(each.there_s), _signed(each.more_s))
        for each in found
        if max(each.here_s, each.there_s) >= LEAST_S
    ]
    both = [cards_of(result) for result in (disaggregated, aggregated)]
    rows += [
        (title, *(" ".join(part for part in cards[name][:2] if part) for cards in both), "")
        for name, (title, _, _) in CARDS.items()
    ]
    return html.Table(
        [
            html.Caption("Disaggregated against aggregated on the same GPUs"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(
                [
                    html.Tr([html.Th(first, scope="row"), *(html.Td(each) for each in rest)])
                    for first, *rest in rows
                ]
            ),
        ],
        className="told-table",
    )


def _time(seconds):
    return numbers.duration_text(seconds) if seconds >= LEAST_S else "–"


def _signed(seconds):
    if abs(seconds) < LEAST_S:
        return "–"
    return f"{'+' if seconds > 0 else '−'}{numbers.duration_text(abs(seconds))}"


def refusal(body, error: PdscopeError) -> dict:
    """What is told instead: what is wrong, and at which control."""
    field = getattr(error, "field", None)
    if isinstance(error, DoesNotFit):
        field = "decode_tp" if error.pool in SECOND_POOLS else "tp"
    field = field_of(field)
    # Which pool it is, the control beside which this stands says.
    message = numbers.spaced(re.sub(r"^pools\[\d\] \(\w+\): ", "", str(error).rstrip(".")))
    if field in FIELDS:
        message = re.sub(r"^\w+ = ", f"{FIELDS[field].label.partition(',')[0]} = ", message)
    return {
        "seq": seq_of(body),
        "coarse": isinstance(body, dict) and body.get("coarse") is True,
        "wrong": {"field": field, "message": f"{message[:1].upper()}{message[1:]}."},
    }
