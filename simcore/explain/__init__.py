"""Why a result is what it is: what bounds it, what would change it, and how it is computed."""

from simcore.explain.bound import Bound, bound_of
from simcore.explain.sensitivity import Change, changes, sensitivity
from simcore.explain.trials import Trial, trials

__all__ = ["Bound", "Change", "Trial", "bound_of", "changes", "sensitivity", "trials"]
