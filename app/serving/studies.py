"""Runs that take longer than one waits: at other rates and seeds, and of many requests.

Rates come one request of the browser's at a time, so that cancelling is to stop asking. A run in
full is a stream of lines, each a JSON object; whoever stops reading it ends it.
"""

import contextvars
import json
import math
import queue
import threading
from collections.abc import Iterator
from dataclasses import replace

from app.gantt6d.asked import seq_of
from app.serving.answer import refusal, shown
from app.serving.asked import FACTORS, MOST_SEEDS, full_requests, read, whole_in
from app.serving.runs import FULL_S, ServingRuns, Wanted, run
from app.serving.settings import FIELDS
from simcore.errors import PdscopeError, ScenarioError
from simcore.serving.results import band

TELL_EVERY_S = 0.25
CURVES = ("throughput", "goodput")


def point(body, runs: ServingRuns) -> dict:
    """A run at one rate with one seed: throughput, goodput and the 99th percentile of the TTFT."""
    try:
        asked = read(body)
        factor = FACTORS[whole_in(body, "point", 0, len(FACTORS) - 1)]
        number = whole_in(body, "number", 0, MOST_SEEDS - 1)
        rate = min(factor * asked.settings.rate, FIELDS["rate"].most)
        settings = replace(asked.settings, rate=rate, seed=asked.settings.seed + number)
        result = runs.of(settings)
    except PdscopeError as error:
        return refusal(body, error)
    found = result.figures
    return {
        "seq": asked.seq,
        "rate": rate,
        **{name: getattr(found, name) for name in CURVES},
        "ttft_p99_s": found.ttft_s.p99 if found.completed else None,
        "partial": bool(result.partial),
    }


def bands(body) -> dict:
    """Means over seeds and half the widths of their 95 % intervals, null where there are none.

    `body` is {"seq", "rows": for each rate a list of values, one for each seed, null for none}.
    """
    try:
        rows = body.get("rows") if isinstance(body, dict) else None
        good = isinstance(rows, list) and len(rows) <= len(FACTORS) * (1 + len(CURVES))
        if seq_of(body) is None or not good or not all(map(_is_row, rows)):
            raise ScenarioError("`rows` is a list of lists of numbers, beside a number `seq`")
    except PdscopeError as error:
        return refusal(body, error)
    found = [band([math.nan if value is None else float(value) for value in row]) for row in rows]
    return {
        "seq": seq_of(body),
        "bands": [[_known(each.mean), _known(each.half)] for each in found],
    }


def _is_row(row):
    return (
        isinstance(row, list)
        and 1 <= len(row) <= MOST_SEEDS
        and all(value is None or _is_figure(value) for value in row)
    )


def _is_figure(value):
    return type(value) in (int, float) and 0 <= value < 1e9


def _known(value):
    return None if math.isnan(value) else value


class _Cancelled(Exception):
    """Nobody reads any more."""


def full(body) -> Iterator[str]:
    """Lines of a run of many requests: its progress, then the answer, or a refusal."""
    try:
        asked = read(body)
        requests = full_requests(body)
    except PdscopeError as error:
        yield _line(refusal(body, error))
        return
    told: queue.Queue = queue.Queue()
    cancelled = threading.Event()

    def on_progress(ended):
        if cancelled.is_set():
            raise _Cancelled
        told.put(ended)

    def work():
        try:
            wanted = Wanted(asked.settings, requests, FULL_S)
            told.put(shown(run(wanted, on_progress), asked))
        except _Cancelled:
            return
        except PdscopeError as error:
            told.put(refusal(body, error))
        except BaseException as error:
            # Whoever waits must not wait for ever; the server's log has it, too.
            told.put(error)

    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(work,), daemon=True).start()
    try:
        yield from _lines(told, requests)
    finally:
        cancelled.set()


def _lines(told, requests):
    done = 0
    while True:
        try:
            news = told.get(timeout=TELL_EVERY_S)
        except queue.Empty:
            yield _line({"done": done, "of": requests})
            continue
        while isinstance(news, int) and not told.empty():
            news = told.get()
        if isinstance(news, BaseException):
            raise news
        if isinstance(news, dict):
            yield _line({"answer": news} if "wrong" not in news else news)
            return
        done = news
        yield _line({"done": done, "of": requests})


def _line(found):
    return json.dumps(found, allow_nan=False) + "\n"
