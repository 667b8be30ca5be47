"""The traces of Azure's LLM inference services (AzureLLMInferenceTrace_*.csv, 2023 and 2024).

TIMESTAMP,ContextTokens,GeneratedTokens with the moments of invocation as dates; schema:
github.com/Azure/AzurePublicDataset, AzureLLMInferenceDataset2023.md.
"""

from datetime import datetime

from simcore.serving.workload.building import shown
from simcore.serving.workload.traces.base import FORMATS, Row, TraceError, whole
from simcore.serving.workload.traces.table import names_in, records

TIME, PROMPT, OUTPUT = "TIMESTAMP", "ContextTokens", "GeneratedTokens"


@FORMATS.register("azure")
class Azure:
    """Times count from the first row's."""

    @staticmethod
    def fits(first):
        return {TIME, PROMPT, OUTPUT} <= set(names_in(first))

    @staticmethod
    def rows(lines):
        table = records(lines)
        line, header = next(table)
        names = [name.strip() for name in header]
        for name in (TIME, PROMPT, OUTPUT):
            if name not in names:
                raise TraceError(
                    f"{name} is missing; the columns are {TIME}, {PROMPT} and {OUTPUT}",
                    line=line,
                    column=name,
                )
        when, prompt, output = (names.index(name) for name in (TIME, PROMPT, OUTPUT))
        start = None
        for line, values in table:
            moment = _moment(values[when], line)
            if start is None:
                start = moment
            try:
                since_s = (moment - start).total_seconds()
            except TypeError:
                raise TraceError(
                    f"{TIME} = {shown(values[when])} has a time zone and the first row has none, "
                    "or the reverse; write all in one way",
                    line=line,
                    column=TIME,
                ) from None
            yield Row(
                line,
                since_s,
                whole(values[prompt], line, PROMPT),
                whole(values[output], line, OUTPUT),
            )


def _moment(text, line):
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise TraceError(
            f"{TIME} = {shown(text)} is no moment; write it like 2023-11-16 18:17:03.979960",
            line=line,
            column=TIME,
        ) from None
