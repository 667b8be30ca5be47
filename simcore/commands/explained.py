"""What `pdscope run` says about why a result is what it is."""

import dataclasses

from simcore.commands.text import table_text
from simcore.explain import bound_of, sensitivity
from simcore.explain.numbers import percent
from simcore.explain.sensitivity import step_name
from simcore.parameters import parameters_of
from simcore.run import Result
from simcore.scenario import Scenario
from simcore.units import MS

MOST_SEGMENTS = 1000
# Parts of TTDS smaller than this are not worth a word.
SMALL_PART = 0.005
TIMES = {"ttds_s": "TTDS ms", "tpot_s": "TPOT ms", "ttft_s": "TTFT ms"}


def critical_path_as_json(result: Result) -> dict:
    """The critical path: seconds by kind until decode starts and until the first token.

    `segments` are its stretches of one kind, in order; of more than `MOST_SEGMENTS` the longest,
    and `segments_left_out` says how many are not there.
    """
    path = result.critical_path
    stretches = path.stretches
    longest = sorted(stretches, key=lambda s: s.start_s - s.end_s)[:MOST_SEGMENTS]
    kept = sorted(longest, key=lambda s: s.start_s)
    return {
        **{
            until: {kind.value: seconds for kind, seconds in path.seconds(until).items()}
            for until in ("ttds", "ttft")
        },
        "segments": [{**vars(s), "kind": s.kind.value} for s in kept],
        "segments_left_out": len(stretches) - len(kept),
    }


def critical_path_as_text(result: Result) -> str:
    """The parts of TTDS, the largest first."""
    total = result.metrics.ttds_s
    shares = {kind: s / total for kind, s in result.critical_path.seconds("ttds").items()}
    parts = [
        f"{percent(shares[kind])} {kind.value}"
        for kind in sorted(shares, key=shares.get, reverse=True)
        if shares[kind] >= SMALL_PART
    ]
    return f"critical path to decode start: {'; '.join(parts)}"


def explained_as_json(result: Result) -> dict:
    """What bounds the run, and the sensitivity to each control and link, found by running."""
    bound = bound_of(result)
    return {
        "bound": {
            "kind": bound.kind.value,
            "share": bound.share,
            "text": bound.text,
            "remedy": dataclasses.asdict(bound.remedy) if bound.remedy else None,
        },
        "sensitivity": [dataclasses.asdict(change) for change in sensitivity(result.scenario)],
    }


def explained_as_text(result: Result) -> str:
    """The same for people."""
    infos = parameters_of(Scenario)
    rows = [("as it is", "", *_times(result.metrics), "")]
    for change in sensitivity(result.scenario):
        if change.link:
            said, to = f"{change.what}, bandwidth", f"\u00d7 {change.value:g}"
        else:
            info = infos[change.what]
            said = f"{info.symbol or info.label}, {step_name(change.what, change.direction)}"
            to = str(change.value)
        times = ("-",) * len(TIMES) if change.reason else _times(change)
        rows.append((said, to, *times, change.reason))
    table = table_text(("change", "to", *TIMES.values(), ""), rows)
    return f"{bound_of(result).text}\n\n{table}"


def _times(measured):
    return tuple(f"{getattr(measured, name) / MS:.3f}" for name in TIMES)
