"""What the page saves: the run that is drawn, as files."""

from app import single_file
from app.figures.grid import CONFIG
from app.lab.asked import read
from app.lab.runs import LabRuns
from simcore.distributed.trace.files import LAB_FORMATS, lab_trace_bytes
from simcore.errors import ScenarioError
from simcore.exports import TraceFormat

STYLE = """main { min-height: 100%; }
main > div { height: min(100vh, 900px); min-height: 420px; min-width: 0; }"""


def filename_of(entry: TraceFormat) -> str:
    """Under which name a trace is saved."""
    return f"lab{entry.endings[0]}"


def file_for(body, runs: LabRuns) -> tuple[TraceFormat, bytes]:
    """The trace in the format that is asked for; raises PdscopeError where that cannot be."""
    asked = read(body)
    name = body.get("file")
    if not isinstance(name, str) or name not in LAB_FORMATS:
        raise ScenarioError(f"`file` is one of {', '.join(LAB_FORMATS)}")
    here, _ = runs.both(asked.settings)
    return LAB_FORMATS[name], lab_trace_bytes(here.run.trace, name)


def blank() -> str:
    """The file of the surface without it: the browser puts it in."""
    return single_file.blank_page("pdscope: speed-up", style=STYLE, config=CONFIG)
