"""Whether a request is taken in; each policy is a module here."""

from simcore.serving.admission.base import ADMISSIONS, Admission

__all__ = ["ADMISSIONS", "Admission"]
