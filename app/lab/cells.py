"""Both algorithms on other star networks, a slice at a time, and the figure for the result.

The browser asks for one slice after the other, so that cancelling is to stop asking.
"""

import time
from dataclasses import replace

from app import numbers
from app.figures.lab_surface import surface
from app.figures.palette import SCHEMES
from app.lab.answer import refusal
from app.lab.asked import first_of, read
from app.lab.networks import (
    BYTES_PER_MBIT,
    STAR,
    SWEPT,
    SWEPT_MBIT,
    SWEPT_MS,
    brief_texts,
    place_text,
)
from app.lab.runs import LabRuns
from app.lab.settings import Settings, other_of
from simcore.distributed.algorithms import ALGORITHMS
from simcore.errors import PdscopeError

SLICE_S = 0.2
"""Time after which a slice ends with the network that is simulated [s]."""


def cells_of(body, runs: LabRuns) -> dict:
    """Speed-ups on networks from the `first` one on, as many as fit into a slice.

    `body` is as for a picture, with `first`, the number of a cell. The first slice has the figure
    without its heights, too.
    """
    try:
        asked = read(body)
        first = first_of(body, SWEPT)
        found = _slice(asked.settings, first, runs)
    except PdscopeError as error:
        return refusal(body, error)
    names = [ALGORITHMS[each.algorithm].label for each in _pair(asked.settings)]
    answer = {"seq": asked.seq, "cells": found, "next": first + len(found), "total": SWEPT}
    if first == 0:
        answer |= {"names": names, "figures": _figures(asked.settings, names)}
    return answer


def _slice(settings, first, runs):
    until = time.process_time() + SLICE_S
    found = []
    for cell in range(first, SWEPT):
        found.append(_cell(settings, cell, runs))
        if time.process_time() > until:
            break
    return found


def _cell(settings, cell, runs):
    ms = SWEPT_MS[cell // len(SWEPT_MBIT)]
    mbit = SWEPT_MBIT[cell % len(SWEPT_MBIT)]
    set_so = replace(settings, network=STAR, bandwidth=float(mbit), latency=ms)
    seconds, other_s = runs.seconds(set_so)
    ratio = other_s / seconds if seconds else 1.0
    place = place_text(mbit, ms)
    return {
        "bandwidth_bps": mbit * BYTES_PER_MBIT,
        "latency_s": ms / 1e3,
        "seconds": seconds,
        "other_seconds": other_s,
        "ratio": ratio,
        "place": place,
        "text": f"{numbers.significant(ratio)} × as fast<br>{place}<br>"
        f"{numbers.duration_text(seconds)} against {numbers.duration_text(other_s)}",
    }


def _pair(settings):
    return settings, other_of(settings)


def _figures(settings: Settings, names):
    title = f"{names[0]} against {names[1]}"
    subtitle = (
        f"{settings.model}, {numbers.count(settings.ranks)} ranks on a star, {settings.device}"
    )
    return {
        scheme: surface(list(SWEPT_MBIT), list(SWEPT_MS), brief_texts(), title, subtitle, scheme)
        for scheme in SCHEMES
    }
