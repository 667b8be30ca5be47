"""A folder of modules, each of which registers one thing under one name."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Generic, TypeVar

from simcore.errors import ScenarioError

Item = TypeVar("Item")


class Registry(Generic[Item]):
    """Names to things of one kind, filled by the modules of `package`.

    Parameters
    ----------
    kind : what the things are called in messages
    package : dotted name of the folder; its modules are imported at the first look-up
    """

    def __init__(self, kind: str, package: str):
        self.kind = kind
        self.package = package
        self._items: dict[str, Item] = {}
        self._loaded = False
        self._others: Callable[[], Mapping[str, Item]] = dict

    def also(self, others: Callable[[], Mapping[str, Item]]):
        """Decorator: what the function returns counts, too, as it is whenever somebody asks."""
        self._others = others
        return others

    def register(self, name: str):
        """Decorator: put the decorated class or function under `name`."""

        def keep(item):
            if name in self._items:
                raise ValueError(f"two entries of the {self.kind} registry are called {name!r}")
            self._items[name] = item
            return item

        return keep

    def names(self) -> tuple[str, ...]:
        """Every registered name in alphabetical order, then those of others."""
        self._load()
        return (*sorted(self._items), *self._others())

    @property
    def registered(self) -> Mapping[str, Item]:
        """What the folder's modules have registered."""
        self._load()
        return self._items

    def __getitem__(self, name: str) -> Item:
        self._load()
        if name in self._items:
            return self._items[name]
        others = self._others()
        try:
            return others[name]
        except KeyError:
            near = get_close_matches(str(name), [*self._items, *others], n=1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            raise ScenarioError(
                f"unknown {self.kind} {name!r}; {hint}use one of {', '.join(self.names())}"
            ) from None

    def _load(self):
        if not self._loaded:
            self._loaded = True
            folder = importlib.import_module(self.package)
            for module in pkgutil.iter_modules(folder.__path__):
                importlib.import_module(f"{self.package}.{module.name}")
