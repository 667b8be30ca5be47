"""What one step of a control, or a faster link, changes; found by running it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from simcore.errors import ScenarioError
from simcore.parameters import Choice, parameters_of
from simcore.run import MOST_EVENTS, links_of, run
from simcore.scenario import Scenario

# What a step of a control means to people: the options of a choice have an order, not a size.
STEPS = {"down": "down", "up": "up"}
STEPS_OF_CHOICE = {"down": "previous in the list", "up": "next in the list"}
CONTROLS = ("prefill_gpu", "decode_gpu", "pp", "batch_size", "prompt_tokens", "chunk_tokens")
FASTER = 2.0


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing changed, and what came of it.

    Attributes
    ----------
    what : a field of Scenario, or the name of a link
    link : whether it is a link
    direction : "up" or "down"; of a GPU, by the order of its options
    value : of the field; of a link, the factor on its bandwidth
    ttds_s, tpot_s, ttft_s : of the changed run [s]; None if it cannot run
    reason : why it cannot; "" if it can
    """

    what: str
    link: bool
    direction: Literal["up", "down"]
    value: str | int | float
    ttds_s: float | None
    tpot_s: float | None
    ttft_s: float | None
    reason: str


def sensitivity(
    scenario: Scenario, *, max_events: int = MOST_EVENTS, time_limit_s: float | None = None
) -> list[Change]:
    """Every change around `scenario`; see `changes`."""
    return list(changes(scenario, max_events=max_events, time_limit_s=time_limit_s))


def changes(
    scenario: Scenario, *, max_events: int = MOST_EVENTS, time_limit_s: float | None = None
) -> Iterator[Change]:
    """One step down and one up of each control, then twice the bandwidth of each link in use.

    Each is run when it is asked for, so that a caller may stop when its time is over. A step that
    leaves the range of its field is left out. A change that cannot run, as when memory is too small
    or a limit is reached, says why.

    Parameters
    ----------
    max_events, time_limit_s : of each run, as `run` has them
    """
    limits = {"max_events": max_events, "time_limit_s": time_limit_s}
    for field in CONTROLS:
        for direction in ("down", "up"):
            value = stepped(scenario, field, direction)
            if value is not None:
                yield _run(
                    scenario, {field: value}, {}, limits,
                    what=field, link=False, direction=direction, value=value,
                )  # fmt: skip
    for link in links_of(scenario):
        yield _run(
            scenario, {}, {link: FASTER}, limits,
            what=link, link=True, direction="up", value=FASTER,
        )  # fmt: skip


def step_name(field: str, direction: Literal["up", "down"]) -> str:
    """What a step of `field` is called."""
    choice = isinstance(parameters_of(Scenario)[field], Choice)
    return (STEPS_OF_CHOICE if choice else STEPS)[direction]


def stepped(scenario: Scenario, field: str, direction: Literal["up", "down"]):
    """The value of `field` a step from that of `scenario`; None where there is none."""
    info = parameters_of(Scenario)[field]
    sign = 1 if direction == "up" else -1
    value = getattr(scenario, field)
    if isinstance(info, Choice):
        options = info.options()
        place = options.index(value) + sign
        return options[place] if 0 <= place < len(options) else None
    value += sign * info.step
    return value if info.least <= value <= info.most else None


def _run(scenario, fields, faster, limits, **facts) -> Change:
    try:
        metrics = run(scenario.replace(**fields), faster=faster, **limits).metrics
    except ScenarioError as error:
        return Change(**facts, ttds_s=None, tpot_s=None, ttft_s=None, reason=str(error))
    return Change(
        **facts,
        ttds_s=metrics.ttds_s,
        tpot_s=metrics.tpot_s,
        ttft_s=metrics.ttft_s,
        reason="",
    )
