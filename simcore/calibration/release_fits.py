"""Fits of releases of serving engines to their measured TTFT and TPOT."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

from simcore.calibration.releases import part_of
from simcore.costs.provenance import Provenance
from simcore.costs.releases import ReleaseConstants, Work, ttft_tpot_seconds

UNIT = 0.05
"""Relative error beyond which a row pulls with constant force (soft L1)."""

TTFT_WEIGHT = 0.3
"""Of a row's TTFT beside its TPOT: warm-up and bursts of arrivals scatter it more."""


@dataclass(frozen=True, kw_only=True)
class Range:
    """Where a constant may lie, and how far a fit may take it from where it starts.

    Attributes
    ----------
    low, high : bounds
    spread : standard deviation of its logarithm, were there no rows
    """

    low: float
    high: float
    spread: float


def _share(spread):
    return Range(low=0.3, high=4.0, spread=spread)


def _time(high, spread=1.0):
    return Range(low=1e-9, high=high, spread=spread)


RANGES = {
    "launches": Range(low=0.1, high=4.0, spread=0.1),
    "products_bf16": _share(0.15),
    "products_fp8": _share(0.15),
    "products_fp4": _share(0.15),
    "attention": _share(0.3),
    "experts": _share(0.3),
    "collectives": Range(low=0.1, high=4.0, spread=0.5),
    "small": Range(low=0.02, high=4.0, spread=1.0),
    "prefill": _share(0.3),
    "step_s": _time(0.1),
    "expert_layer_s": _time(1e-2),
    "norm_layer_s": _time(1e-2),
    "latent_layer_s": _time(1e-2),
    "sequence_s": _time(1e-2),
    "launch_layer_s": _time(1e-2, 2.0),
    "eager_layer_s": _time(1e-2, 2.0),
    "request_s": _time(1.0, 2.0),
}
"""Constants that fits move. Kernels were measured, so their shares stay near 1 unless rows insist;
of times on the host little is known before."""

SPECULATION = Range(low=1.0, high=4.0, spread=0.5)
"""Of `tokens_per_step`, where a release is taken to speculate."""

FLOORS = ("launch_layer_s", "eager_layer_s")
FLOOR_RAISED = 8.0
"""How much higher a second trial of a fit starts with these constants."""

START = ReleaseConstants(
    engine="",
    versions=(),
    calibrated=False,
    launches=0.55,
    products_bf16=1.0,
    products_fp8=1.0,
    products_fp4=1.0,
    attention=0.85,
    experts=0.75,
    collectives=0.9,
    small=0.8,
    prefill=1.2,
    step_s=5e-4,
    expert_layer_s=2e-5,
    norm_layer_s=1e-5,
    latent_layer_s=1e-5,
    sequence_s=1e-5,
    launch_layer_s=5e-5,
    eager_layer_s=4e-4,
    request_s=0.02,
    tokens_per_step=1.0,
    budget=8192,
    provenance=Provenance(measurements="", rows=0, fitted="", error={}),
)


def fit_release(
    work: Work,
    *,
    ttft,
    tpot,
    start: ReleaseConstants = START,
    tightness: float = 1.0,
    weights=None,
    speculates: bool = False,
) -> ReleaseConstants:
    """`start` with its constants fitted to measured means.

    Least squares of the logarithms of predicted over measured, with a soft L1 loss that outliers
    cannot bend, and a Gaussian prior about `start` on the logarithm of each constant: constants
    that the rows leave open stay there (ridge regression; Hoerl & Kennard, Technometrics 12, 1970).
    In logarithms all constants stay positive.

    Parameters
    ----------
    ttft, tpot : measured, NaN where unknown [s]
    tightness : divides the spreads of the prior
    weights : of the rows; 1 if None
    speculates : whether to fit `tokens_per_step`
    """
    ranges = dict(RANGES) | ({"tokens_per_step": SPECULATION} if speculates else {})
    names = list(ranges)
    begin = {**vars(start), **({"tokens_per_step": 1.5} if speculates else {})}
    low, high = (np.log([getattr(ranges[n], side) for n in names]) for side in ("low", "high"))
    origin = np.clip(np.log([begin[name] for name in names]), low + 1e-6, high - 1e-6)
    spread = np.array([ranges[name].spread for name in names]) / tightness
    goal = np.log(np.concatenate([np.asarray(tpot, float), np.asarray(ttft, float)]))
    known = np.isfinite(goal)
    count = len(goal) // 2
    row_weights = np.ones(count) if weights is None else np.asarray(weights, float)
    pull = np.sqrt(np.concatenate([row_weights, row_weights]))[known]
    scale = np.concatenate([np.full(count, 1 / UNIT), np.full(count, TTFT_WEIGHT / UNIT)])[known]

    def with_values(point) -> ReleaseConstants:
        return replace(start, **dict(zip(names, np.exp(point).tolist(), strict=True)))

    def residuals(point):
        first, each = ttft_tpot_seconds(work, with_values(point))
        miss = (np.log(np.concatenate([each, first]))[known] - goal[known]) * scale
        # Half the square of this is the soft L1 loss.
        soft = np.sign(miss) * np.sqrt(2 * (np.sqrt(1 + miss**2) - 1))
        return np.concatenate([pull * soft, (point - origin) / spread])

    # A floor below all steps has no slope, so that a fit must be tried from above, too.
    raised = origin + np.log([FLOOR_RAISED if name in FLOORS else 1.0 for name in names])
    trials = [
        least_squares(residuals, np.clip(point, low, high), bounds=(low, high), max_nfev=80)
        for point in (origin, raised)
    ]
    return with_values(min(trials, key=lambda trial: trial.cost).x)


def held_out(work: Work, *, ttft, tpot, groups, **options) -> tuple[np.ndarray, np.ndarray]:
    """TTFT and TPOT of each row [s] as predicted by a fit to the rows of the other groups.

    Parameters
    ----------
    groups : a label per row, such as its model or its concurrency
    options : of `fit_release`
    """
    groups = np.asarray(groups)
    first, each = np.full(len(groups), np.nan), np.full(len(groups), np.nan)
    weights = options.pop("weights", None)
    for group in sorted(set(groups.tolist())):
        unseen = groups == group
        if unseen.all():
            continue
        found = fit_release(
            part_of(work, ~unseen),
            ttft=np.asarray(ttft)[~unseen],
            tpot=np.asarray(tpot)[~unseen],
            weights=None if weights is None else np.asarray(weights)[~unseen],
            **options,
        )
        first[unseen], each[unseen] = ttft_tpot_seconds(part_of(work, unseen), found)
    return first, each


def errors(measured: Mapping[str, np.ndarray], predicted: Mapping[str, np.ndarray]) -> dict:
    """Mean absolute relative error of each quantity where both are known."""
    found = {}
    for name, values in measured.items():
        miss = np.abs(predicted[name] / values - 1)
        if np.isfinite(miss).any():
            found[name] = round(float(np.nanmean(miss)), 4)
    return found
