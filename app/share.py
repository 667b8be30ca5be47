"""A scenario as the part of an address after "?", and back."""

from urllib.parse import parse_qsl, urlencode

from simcore import Scenario, ScenarioError
from simcore.parameters import Number, parameters_of

MOST_CHARACTERS = 2048


def query_of(scenario: Scenario) -> str:
    """The fields that differ from the defaults; "" where none does."""
    usual = Scenario().to_dict()
    return urlencode({k: v for k, v in scenario.to_dict().items() if v != usual[k]})


def scenario_of(query: str) -> Scenario:
    """The scenario of an address; raises ScenarioError where it names none."""
    if len(query) > MOST_CHARACTERS:
        raise ScenarioError(f"the address is longer than {MOST_CHARACTERS} characters")
    infos = parameters_of(Scenario)
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=len(infos))
    except ValueError:
        raise ScenarioError(f"an address names {len(infos)} fields at most") from None
    values = {}
    for name, text in pairs:
        values[name] = _number(text) if isinstance(infos.get(name), Number) else text
    return Scenario.from_dict(values)


def _number(text):
    """The number in `text`, or the text, which the scenario will refuse by name."""
    try:
        return float(text)
    except ValueError:
        return text
