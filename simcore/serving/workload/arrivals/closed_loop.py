"""A fixed number of users, each of whom waits for an answer before asking again."""

from dataclasses import dataclass

from simcore.parameters import Number, parameter
from simcore.serving.workload.arrivals.base import ARRIVALS
from simcore.serving.workload.laws import Law, amounts
from simcore.serving.workload.laws.constant import Constant


@ARRIVALS.register("closed-loop")
@dataclass(frozen=True, kw_only=True)
class ClosedLoop:
    """`concurrency` users who all start at 0 and never have two requests under way.

    Attributes
    ----------
    think_s : from the end of a request, or of a session, to the next one of the same user [s]
    """

    concurrency: int = parameter(
        Number(
            key="conc",
            symbol="",
            label="Concurrency",
            unit="users",
            help="Users, each of whom waits for an answer before asking again.",
            low=1,
            high=256,
            step=1,
            least=1,
            most=1_000_000,
        ),
        16,
    )
    think_s: Law = parameter(amounts(), Constant(value=0.0))
