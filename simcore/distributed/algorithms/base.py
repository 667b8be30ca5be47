"""What a shipped algorithm is, and how it becomes a program that a back end can run."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from simcore.distributed.algorithms.settings import Settings
from simcore.distributed.models import Model, VirtualMaths
from simcore.distributed.network import Star
from simcore.distributed.run import Run
from simcore.registry import Registry

AlgorithmProgram = Callable[[Any, Model, Any, Settings], Any]
"""(communicator, model, inputs, settings) to what the rank returns."""


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A closed form to hold beside the simulation.

    Attributes
    ----------
    text : how it reads, with its symbols said
    quantity : what it gives, as a screen says it
    seconds : (settings, star) to its value [s]; the star is full duplex, and settings name a device
    measured : what of a simulated run it is to be compared with [s]
    exact : whether the two agree to rounding where everything divides evenly
    """

    text: str
    quantity: str
    seconds: Callable[[Settings, Star], float]
    measured: Callable[[Run], float]
    exact: bool = True


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """One shipped algorithm.

    Attributes
    ----------
    name : what commands and addresses call it
    label, text : what screens call it, and what they say of it
    program : what each rank runs
    uses : the fields of `Settings` that change something, beside model, layers and device
    formula : its closed form on a star, with the collectives of "portable"; None where there
        is none
    defaults : settings that show what it is about
    check : raises ScenarioError for settings that it cannot be run on
    """

    name: str
    label: str
    text: str
    program: AlgorithmProgram
    uses: tuple[str, ...]
    formula: Formula | None
    defaults: Settings
    check: Callable[[Settings], None]


ALGORITHMS: Registry[Algorithm] = Registry("algorithm", "simcore.distributed.algorithms")


def run_seconds(run: Run) -> float:
    """When the last rank of a run ended [s]."""
    return run.seconds


def no_check(settings: Settings) -> None:
    """Any settings will do."""


def register(
    name: str,
    *,
    label: str,
    text: str,
    uses: tuple[str, ...],
    formula: Formula | None = None,
    defaults: Settings | None = None,
    check: Callable[[Settings], None] = no_check,
) -> Callable[[AlgorithmProgram], AlgorithmProgram]:
    """Decorator: the function is the program of the algorithm of that name; see `Algorithm`."""

    def keep(program):
        entry = Algorithm(
            name=name,
            label=label,
            text=text,
            program=program,
            uses=uses,
            formula=formula,
            defaults=defaults or Settings(),
            check=check,
        )
        ALGORITHMS.register(name)(entry)
        return program

    return keep


def program_for(name: str, settings: Settings, *, values: bool = False) -> Callable[[Any], Any]:
    """A program `(comm) -> value` for `simulate` or `deploy`, to be run on `settings.ranks` ranks.

    Parameters
    ----------
    name : of a shipped algorithm
    settings : what it is run on
    values : whether the model computes with random weights in torch, or with sizes only

    Raises
    ------
    ScenarioError
        No algorithm is called so, or it cannot be run on those settings.
    """
    ALGORITHMS[name].check(settings)
    return partial(run_on_rank, name=name, settings=settings, values=values)


def run_on_rank(comm, *, name: str, settings: Settings, values: bool):
    """One rank of a shipped algorithm; other processes find it by its name."""
    maths = _torch_maths(settings) if values else VirtualMaths(settings.shape)
    model = Model(maths, comm, settings.device)
    inputs = maths.inputs(settings.batch, settings.tokens)
    return ALGORITHMS[name].program(comm, model, inputs, settings)


def _torch_maths(settings):
    from simcore.distributed.models.torch_models import maths_of

    return maths_of(settings.shape)
