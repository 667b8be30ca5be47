"""Algorithms that ship, as programs of the command line."""

from dataclasses import replace
from pathlib import Path

from simcore.errors import PdscopeError, ScenarioError

SUFFIX = ".py"


def is_name(program: str) -> bool:
    """Whether `program` is to be a shipped algorithm's name: it is no path of anything."""
    if "/" in program or program.endswith(SUFFIX):
        return False
    try:
        return not Path(program).exists()
    except (OSError, ValueError):  # no file has such a name
        return False


def settings_shown(algorithm) -> str:
    """The settings that change an algorithm, with their defaults: "tokens=64 batch=1"."""
    defaults = algorithm.defaults
    values = {name: getattr(defaults, name) for name in _changeable(algorithm)}
    values["layers"] = defaults.shape.layers
    return " ".join(f"{name}={value}" for name, value in values.items())


def shipped_program(name: str, *, ranks: int, given, gpu: str | None):
    """The program of the algorithm `name`, whose payloads are sizes only.

    Parameters
    ----------
    given : its settings, "name=value" each
    gpu : whether another GPU than its usual device computes; the timing knows which

    Raises
    ------
    ScenarioError : where there is no such algorithm or setting, or it cannot be run on them
    """
    from simcore.distributed.algorithms import ALGORITHMS, program_for

    algorithm = ALGORITHMS[name]
    changes = {"ranks": ranks}
    for text in given:
        field, equals, value = text.partition("=")
        if not equals or field not in _changeable(algorithm):
            raise ScenarioError(
                f"{name} has no setting {text[:60]!r}; its settings are {settings_shown(algorithm)}"
            )
        if field in changes:
            raise ScenarioError(f"{field} stands twice; keep one of them", field=field)
        changes[field] = _value(field, value)
    if gpu is not None:
        changes["device"] = None
    return program_for(name, replace(algorithm.defaults, **changes))


def _changeable(algorithm):
    return ("model", "layers", *(name for name in algorithm.uses if name != "ranks"))


def _value(field, text):
    if field == "model":
        return text
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise PdscopeError(f"{field} = {text[:60]!r} is not a number")
