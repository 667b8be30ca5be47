"""A scenario file that somebody opens in the page, read with suspicion."""

from app.controls import WITHOUT
from app.share import query_of
from simcore import PdscopeError, Scenario, ScenarioError


def opened(asked) -> dict:
    """The fields of the scenario in a file's text, or what is wrong with it; never raises.

    `asked` is {"text": JSON or YAML}.
    """
    text = asked.get("text") if isinstance(asked, dict) else None
    try:
        if not isinstance(text, str):
            raise ScenarioError("`text` is the text of a scenario file")
        if not text.strip():
            raise ScenarioError(
                "the file is empty; a scenario file maps fields to values, as in chunk_tokens: 512"
            )
        scenario = Scenario.from_text(text)
        for field in WITHOUT:
            if (value := getattr(scenario, field)) != getattr(Scenario(), field):
                raise ScenarioError(
                    f"{field} = {value} has no control on this page; run the file by pdscope run, "
                    "or leave it out"
                )
    except PdscopeError as error:
        return {"error": str(error)}
    return {"values": scenario.to_dict(), "query": query_of(scenario)}
