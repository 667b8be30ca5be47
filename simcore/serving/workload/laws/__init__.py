"""Laws of amounts (tokens, seconds, counts), one file each."""

from simcore.serving.workload.laws.base import LAWS, Law, amounts

__all__ = ["LAWS", "Law", "amounts"]
