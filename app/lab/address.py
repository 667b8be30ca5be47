"""The settings as the part of an address after "?": short, readable, and beside what others say.

    v=3&lab.algorithm=ring-attention&lab.ranks=8

Each key is that of the setting behind "lab."; what is as usual is left out. What else an address
says is of the scenario of the other pages: it stays as it is.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from app.gantt6d.asked import plain_of
from app.lab.settings import FIELDS, Settings
from app.share import LONGEST_SHOWN, MOST_CHARACTERS, MOST_PAIRS
from simcore.errors import ScenarioError

PREFIX = "lab."
BY_KEY = {info.key: name for name, info in FIELDS.items()}


@dataclass(frozen=True)
class LabLink:
    """What an address says of the page.

    Attributes
    ----------
    settings : with the usual values for what it does not say, or says wrongly
    notice : what the visitor should know of it; "" if nothing
    """

    settings: Settings
    notice: str


def query_of(settings: Settings) -> str:
    """The page's own part of the address; "" where all is as usual."""
    usual = Settings()
    return urlencode(
        {
            f"{PREFIX}{info.key}": _text(getattr(settings, name))
            for name, info in FIELDS.items()
            if getattr(settings, name) != getattr(usual, name)
        }
    )


def read_query(query: str) -> LabLink:
    """What an address says; never raises, but says what it ignored.

    Parameters
    ----------
    query : behind the "?"
    """
    if len(query) > MOST_CHARACTERS:
        return LabLink(Settings(), _notice([f"it is longer than {MOST_CHARACTERS:,} characters."]))
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PAIRS)
    except ValueError:
        return LabLink(Settings(), _notice([f"it has more than {MOST_PAIRS} parts."]))
    values, ignored = {}, []
    for key, text in pairs:
        if not key.startswith(PREFIX):
            continue
        name = BY_KEY.get(key.removeprefix(PREFIX))
        if name is None:
            ignored.append(f"{key[:LONGEST_SHOWN]!r} means nothing.")
            continue
        try:
            values[name] = FIELDS[name].check(name, plain_of(FIELDS[name], text))
        except ScenarioError as error:
            ignored.append(f"{error}.")
    return LabLink(Settings(**values), _notice(ignored))


def _notice(ignored):
    return f"Ignored in this link: {' '.join(ignored)}" if ignored else ""


def _text(value):
    return f"{value:.12g}" if isinstance(value, float) else value
