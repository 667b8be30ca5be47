"""To which replica a request goes; each policy is a module here."""

from simcore.serving.routing.base import ROUTERS, Router

__all__ = ["ROUTERS", "Router"]
