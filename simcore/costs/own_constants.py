"""A user's own constants of a serving engine, from a text that nobody has looked at."""

import tomllib
from dataclasses import fields

from simcore.costs.constants import from_table
from simcore.costs.releases import ReleaseConstants
from simcore.errors import PdscopeError

# Far outside of what engines do: factors on times, tokens, and times [s].
_FACTORS, _TOKENS, _BUDGET, _TIMES = (1e-3, 1e3), (0.1, 100.0), (1, 10**8), (0.0, 10.0)
_MOST_ROWS, _MOST_ERROR = 10**9, 100.0


def release_in(text: str, where: str) -> ReleaseConstants:
    """The constants in a text as `pdscope calibrate` writes it.

    Raises PdscopeError, opened by `where`, for a text that holds none, and for what cannot be.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise PdscopeError(f"{where}: this is not TOML: {error}; correct it there") from None
    if "host_s" in table:
        raise PdscopeError(
            f"{where}: these are constants of whole steps, for `pdscope predict --constants`; "
            "calibrate with TTFT and TPOT at given concurrency for constants of a scenario's engine"
        )
    release = from_table(ReleaseConstants, table, where)
    for field in fields(release):
        value = getattr(release, field.name)
        low, high = _bounds(field.name)
        if type(value) in (int, float) and not low <= value <= high:
            raise PdscopeError(
                f"{where}: {field.name} = {str(value)[:20]} is impossible; use {low:g} to {high:g}"
            )
    known = release.provenance
    if not 0 <= known.rows <= _MOST_ROWS:
        raise PdscopeError(f"{where}: provenance.rows is impossible; use 0 to {_MOST_ROWS:,}")
    for name, error in known.error.items():
        if error > _MOST_ERROR:
            raise PdscopeError(
                f"{where}: provenance.error.{name[:20]} = {error:g} is impossible; use a share of "
                f"1, up to {_MOST_ERROR:g}"
            )
    return release


def own_name(release: ReleaseConstants) -> str:
    """What scenarios call the engine of a user's own constants, beside those that ship."""
    return f"own {release.engine}"


def _bounds(name):
    if name.endswith("_s"):
        return _TIMES
    return {"tokens_per_step": _TOKENS, "budget": _BUDGET}.get(name, _FACTORS)
