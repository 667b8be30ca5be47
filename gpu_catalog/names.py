"""Items by name and alias, however these are spelt."""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any

from gpu_catalog.errors import CatalogError

_SEPARATORS = re.compile(r"[\s_-]+")


def folded(name: str) -> str:
    """`name` as names are compared: without case, and one separator as good as another."""
    return _SEPARATORS.sub("-", name.strip()).casefold()


class NameIndex:
    """Items found by any spelling of a name or an alias.

    Attributes
    ----------
    entries : as given
    items : theirs, in order

    Parameters
    ----------
    order : of the items, as `sorted` takes it; None for that of the entries

    Raises CatalogError, naming both files, where two items answer to the same name; the later entry
    is to blame.
    """

    def __init__(self, entries: Sequence, order: Callable[[Any], tuple] | None = None):
        self.entries = tuple(entries)
        items = [entry.item for entry in entries]
        self.items = tuple(sorted(items, key=order) if order else items)
        self._by_name, taken = {}, {}
        for entry in entries:
            # Its own name may also stand among its aliases, spelt in another way.
            for name in dict.fromkeys(folded(n) for n in (entry.item.name, *entry.item.aliases)):
                if name in taken:
                    raise _twice(entry, taken[name], name)
                taken[name] = entry
                self._by_name[name] = entry.item

    def named(self, name: str):
        """The item whose own name this is, letter by letter; None if there is none."""
        item = self.get(name)
        return item if item is not None and item.name == name else None

    def get(self, name):
        """The item of that name or alias; None if there is none."""
        return self._by_name.get(folded(name)) if isinstance(name, str) else None

    def closest(self, name) -> str | None:
        """The name of the item that is spelt most like `name`; None if none is."""
        near = get_close_matches(folded(str(name)), self._by_name, n=1)
        return self._by_name[near[0]].name if near else None


def _twice(entry, other, name):
    key = "name" if folded(entry.item.name) == name else "aliases"
    spelt = next(n for n in (entry.item.name, *entry.item.aliases) if folded(n) == name)
    return CatalogError(
        f"{entry.where}: {key} = {spelt!r} is taken by {other.item.name!r} of {other.where}; "
        "rename one of them, or say `replaces = true` in a file of your own that is to take the "
        "place of one that ships"
    )
