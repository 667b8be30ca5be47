"""What was measured of a network, in a file."""

import json
from dataclasses import dataclass
from difflib import get_close_matches

from simcore.costs.constants import from_table, to_table
from simcore.distributed.measuring.fitting import OperationFit, fit_operation
from simcore.distributed.measuring.shapes import OPERATIONS, SHAPES
from simcore.errors import PdscopeError
from simcore.reading import json_of, text_of

MOST_FILE_BYTES = 2_000_000


@dataclass(frozen=True, kw_only=True)
class MeasuredTime:
    """The median time of an operation [s], at one size [byte] and number of ranks."""

    operation: str
    ranks: int
    nbytes: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class NetworkProfile:
    """A network between real processes, as `pdscope lab profile` found it.

    Attributes
    ----------
    backend : what carried the messages, such as "gloo"
    collectives : the profile of collectives that was measured
    rounds : how often each size of each operation was measured
    seed : of the order in which sizes and operations took turns in each round
    operations : the fits
    measured : what they were fitted to
    """

    backend: str
    collectives: str
    rounds: int
    seed: int
    operations: tuple[OperationFit, ...]
    measured: tuple[MeasuredTime, ...]

    def __getitem__(self, operation: str) -> OperationFit:
        """The fit of `operation`; PdscopeError where it was not measured."""
        for fit in self.operations:
            if fit.operation == operation:
                return fit
        names = [fit.operation for fit in self.operations]
        near = get_close_matches(operation, names, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise PdscopeError(f"{operation!r} was not measured; {hint}use one of {', '.join(names)}")


def fit_profile(samples, *, backend: str, collectives: str, seed: int) -> NetworkProfile:
    """The profile of a table of measurements.

    Parameters
    ----------
    samples : a DataFrame with columns operation, ranks, nbytes, round, seconds

    Raises
    ------
    PdscopeError : see `fit_operation`
    """
    there = set(samples["operation"])
    unknown = sorted(there - set(OPERATIONS))
    if unknown:
        raise PdscopeError(f"unknown operation {unknown[0]!r}; use one of {', '.join(OPERATIONS)}")
    if not there:
        raise PdscopeError("nothing was measured; measure one operation at least")
    kept = [name for name in OPERATIONS if name in there]
    medians = samples.groupby(["operation", "ranks", "nbytes"], sort=True)["seconds"].median()
    return NetworkProfile(
        backend=backend,
        collectives=collectives,
        rounds=int(samples["round"].nunique()),
        seed=seed,
        operations=tuple(fit_operation(samples, name, collectives) for name in kept),
        measured=tuple(
            MeasuredTime(operation=name, ranks=int(ranks), nbytes=int(size), seconds=float(seconds))
            for (name, ranks, size), seconds in medians.items()
        ),
    )


def profile_text(profile: NetworkProfile) -> str:
    """`profile` as JSON, which `read_profile` reads."""
    return json.dumps(to_table(profile), indent=1) + "\n"


def read_profile(path) -> NetworkProfile:
    """The profile in the file `path`.

    Raises
    ------
    PdscopeError : where the file cannot be read, is no profile, or has values that cannot be
    """
    try:
        profile = _profile_of(text_of(path, MOST_FILE_BYTES))
    except PdscopeError as error:
        raise PdscopeError(f"{path}: {error}") from None
    return profile


def _profile_of(text) -> NetworkProfile:
    profile = from_table(NetworkProfile, json_of(text), "profile")
    if profile.collectives not in SHAPES:
        raise PdscopeError(
            f"profile.collectives = {profile.collectives!r}; use one of {', '.join(SHAPES)}"
        )
    for fit in profile.operations:
        if fit.operation not in OPERATIONS or len(fit.lines) not in (1, 2):
            raise PdscopeError(
                f"profile.operations has {fit.operation!r} of {len(fit.lines)} lines; use one of "
                f"{', '.join(OPERATIONS)}, of one or two lines"
            )
    return profile
