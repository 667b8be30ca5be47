"""Fields of a config.json, read with suspicion: each error names the file, the field, a remedy."""

import json
from pathlib import Path

from gpu_catalog.errors import CatalogError
from gpu_catalog.parse import text_of

# Far beyond any model, so that a slip does not become a run of hours.
_MOST = 10**8
_MOST_CHARACTERS = 2 * 10**6


class Fields:
    """A JSON object whose fields are asked for one by one.

    Parameters
    ----------
    where : the file, as messages name it
    table : the object
    prefix : of the fields in messages, for an object inside another, as "text_config."
    """

    def __init__(self, where: str, table: dict, prefix: str = ""):
        self.where = where
        self.table = table
        self.prefix = prefix

    def count(
        self, key: str, default: int | None = None, *, least: int = 1, most: int = _MOST
    ) -> int:
        """A whole number from `least` to `most`; `default` where it is absent or null.

        Raises CatalogError where it is absent without a default, or is anything else.
        """
        value = self.table.get(key)
        if value is None:
            value = default
        if value is None:
            raise self.wrong(key, "is missing; add it, as the model's page has it")
        if type(value) is not int or not least <= value <= most:
            raise self.wrong(key, f"= {_shown(value)}; use a whole number from {least} to {most:,}")
        return value

    def optional_count(self, key: str) -> int | None:
        """As `count`, but None where it is absent or null."""
        return None if self.table.get(key) is None else self.count(key)

    def flag(self, key: str, default: bool) -> bool:
        """A truth value; `default` where it is absent or null."""
        value = self.table.get(key)
        if value is None:
            return default
        if type(value) is not bool:
            raise self.wrong(key, f"= {_shown(value)}; use true or false")
        return value

    def text(self, key: str) -> str | None:
        """A text; None where it is absent or null."""
        value = self.table.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, f"= {_shown(value)}; use a text")
        return value

    def texts(self, key: str) -> list[str]:
        """A list of texts; empty where it is absent or null."""
        value = self.table.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(key, f"= {_shown(value)}; use a list of texts")
        return value

    def counts(self, key: str) -> list[int]:
        """A list of whole numbers from 0 up; empty where it is absent or null."""
        value = self.table.get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(type(n) is int and n >= 0 for n in value):
            raise self.wrong(key, f"= {_shown(value)}; use a list of whole numbers")
        return value

    def inside(self, key: str) -> "Fields | None":
        """The object under `key`; None where it is absent or null."""
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(key, f"= {_shown(value)}; use an object")
        return Fields(self.where, value, f"{self.prefix}{key}.")

    def wrong(self, key: str, what: str) -> CatalogError:
        """The error that says `what` of the field `key`."""
        return CatalogError(f"{self.where}: {self.prefix}{key} {what}")


def read_config(path: Path, where: str) -> Fields:
    """The fields of a config.json; raises CatalogError where it is no JSON object."""
    return fields_of(text_of(path, where), where)


def fields_of(text: str, where: str) -> Fields:
    """The fields of the text of a config.json; raises CatalogError where it is no JSON object."""
    if len(text) > _MOST_CHARACTERS:
        raise CatalogError(
            f"{where}: has {len(text):,} characters, more than {_MOST_CHARACTERS:,}; give the "
            "config.json of the model's repository"
        )
    try:
        table = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise CatalogError(f"{where}: this is not JSON: {error}; correct it there") from error
    if not isinstance(table, dict):
        raise CatalogError(f"{where}: is no JSON object; give a model's config.json as it stands")
    return Fields(where, table)


def _no_number(name):
    raise ValueError(f"{name} is no number")


def _shown(value):
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
