"""Why a result is what it is: what bounds it, what would change it, and how it is computed."""

from simcore.explain.sensitivity import Change, changes, sensitivity

__all__ = ["Change", "changes", "sensitivity"]
