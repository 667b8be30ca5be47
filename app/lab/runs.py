"""What was simulated last for the page, within bounds of work."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

from app.lab.networks import STAR, network_of, star_of
from app.lab.settings import LAPTOP, Settings, other_of, work_of
from app.recent import Recent
from simcore.distributed import Run, simulate
from simcore.distributed.algorithms import ALGORITHMS, Algorithm, program_for
from simcore.distributed.trace import PathKind
from simcore.errors import LimitReached, ScenarioError

PORTABLE = "portable"
"""The profile that formulas are about."""

MOST_MESSAGES = 8_000
"""Of one run: more take longer than the page may wait."""

MOST_LAYERS = 10_000
"""That one run computes, of all ranks, micro-batches and steps of requests together."""

LIMIT_S = 5.0
"""Of one run, by the clock, whatever it sends [s]."""

MOST_KEPT = 24
MOST_KEPT_ROWS = 150_000
MOST_KEPT_TIMES = 4_096
LEAST_S = 1e-9


@dataclass(frozen=True)
class Outcome:
    """A run of one algorithm, and what its formula gives.

    Attributes
    ----------
    algorithm : that was run
    run : simulated
    formula_text : how the formula reads, or why there is none
    formula_s, measured_s : what it gives, and the same of the run [s]; None where there is none
    """

    algorithm: Algorithm
    run: Run
    formula_text: str
    formula_s: float | None
    measured_s: float | None

    @property
    def shown_s(self) -> float:
        """Length of the run [s], but never nothing."""
        return max(self.run.seconds, LEAST_S)

    @cached_property
    def path_s(self) -> dict[PathKind, float]:
        """Time on the critical path by kind [s]."""
        return self.run.trace.critical_path().seconds

    @cached_property
    def sent_bytes(self) -> int:
        """Payloads of all messages [byte]."""
        return int(self.run.trace.messages["bytes"].sum())

    @property
    def rows(self) -> int:
        """How much there is to keep."""
        return len(self.run.trace.spans) + len(self.run.trace.messages)


class LabRuns:
    """Outcomes of the last runs; threads may share it."""

    def __init__(self):
        self._kept = Recent(
            outcome_of, weigh=lambda outcome: outcome.rows, most=MOST_KEPT,
            most_weight=MOST_KEPT_ROWS,
        )  # fmt: skip
        self._times = Recent(
            seconds_of, weigh=lambda seconds: 1, most=MOST_KEPT_TIMES,
            most_weight=MOST_KEPT_TIMES,
        )  # fmt: skip

    def both(self, settings: Settings) -> tuple[Outcome, Outcome]:
        """Both algorithms' outcomes, simulated unless they are kept; raises PdscopeError."""
        here = self._kept.of(_alone(settings))
        try:
            return here, self._kept.of(_alone(other_of(settings)))
        except ScenarioError as error:
            label = ALGORITHMS[settings.against].label
            raise ScenarioError(
                f"{label} is nothing to compare with here: {error}", field="against"
            ) from error

    def seconds(self, settings: Settings) -> tuple[float, float]:
        """How long both take [s]."""
        return self._times.of(_alone(settings)), self._times.of(_alone(other_of(settings)))


def _alone(settings):
    """The settings as far as they say what one algorithm does."""
    usual = {"against": settings.algorithm}
    if settings.network != STAR:
        usual |= {"bandwidth": Settings().bandwidth, "latency": Settings().latency}
    return replace(settings, **usual)


def outcome_of(settings: Settings) -> Outcome:
    """Run the algorithm; raises PdscopeError where it cannot be, or is too large for the page."""
    algorithm = ALGORITHMS[settings.algorithm]
    run = _run(settings)
    text, seconds, measured = _formula(algorithm, settings, run)
    return Outcome(algorithm, run, text, seconds, measured)


def seconds_of(settings: Settings) -> float:
    """How long the algorithm takes [s]; raises PdscopeError as above."""
    return _run(settings).seconds


def _run(settings):
    work = work_of(settings)
    program = program_for(settings.algorithm, work)
    _check_size(settings, work)
    network = _network(settings)
    try:
        return simulate(
            program,
            settings.ranks,
            network=network,
            profile=settings.profile,
            kept=(),
            most_messages=MOST_MESSAGES,
            limit_s=LIMIT_S,
        )
    except LimitReached as error:
        raise ScenarioError(
            f"{_told(settings)} needs more than the {MOST_MESSAGES:,} messages or {LIMIT_S:g} s "
            "that a run may take on this page; use fewer ranks or layers, or pdscope lab run",
            field="ranks",
        ) from error


def _check_size(settings, work):
    """Raise ScenarioError where computing alone takes longer than the page may wait."""
    uses = ALGORITHMS[settings.algorithm].uses
    if "requests" in uses:
        times = work.requests * work.output_tokens
        most, field = "requests or tokens of output", "requests"
    elif "micro_batches" in uses:
        times = work.micro_batches * (work.tp if "tp" in uses else 1)
        most, field = "micro-batches", "layers"
    else:
        times, most, field = settings.ranks, "ranks", "layers"
    layers = work.shape.layers * times
    if layers > MOST_LAYERS:
        raise ScenarioError(
            f"{_told(settings)} computes layers {layers:,} times, more than the {MOST_LAYERS:,} of "
            f"this page; use fewer layers or {most}, or pdscope lab run",
            field=field,
        )


def _network(settings):
    """What joins the ranks; raises ScenarioError where it cannot join them."""
    gpu = None if settings.device == LAPTOP else settings.device
    network = network_of(settings.network, _joined(settings), gpu)
    try:
        network.path(settings.ranks)
    except ScenarioError as error:
        raise ScenarioError(str(error), field="network") from error
    return network


def _told(settings):
    return f"{ALGORITHMS[settings.algorithm].label} on {settings.ranks} ranks"


def _joined(settings):
    return star_of(settings.bandwidth, settings.latency)


def _formula(algorithm, settings, run):
    formula = algorithm.formula
    if formula is None:
        return "no closed form", None, None
    text = f"{formula.text} ({formula.quantity})"
    if settings.network != STAR or settings.profile != PORTABLE:
        return f"{text}; holds on a star with portable collectives", None, None
    seconds = formula.seconds(work_of(settings), _joined(settings))
    if not math.isfinite(seconds):
        return f"{text}; without a finite value at this load", None, None
    return text, seconds, formula.measured(run)
