"""Distributed algorithms, simulated: what each rank does, and which network makes which faster."""

from dash import ClientsideFunction, Input, Output
from flask import Response, abort, request

from app.controls import connect_sliders, value_id
from app.lab.address import read_query
from app.lab.answer import answer_to
from app.lab.cells import cells_of
from app.lab.downloads import blank, file_for, filename_of
from app.lab.layout import NAME, SLID, layout
from app.lab.runs import LabRuns
from app.lab.settings import FIELDS
from app.registry import PAGES
from simcore.errors import PdscopeError


@PAGES.register(NAME)
class LabPage:
    """How do the ranks of an algorithm spend their time?"""

    path = "/lab"
    title = "Lab"
    order = 10
    hint = (
        "Drag the bandwidth or the latency: timelines, waits and the speed-up follow. Drag across "
        "the timeline to see its messages one by one."
    )

    def __init__(self):
        self.runs = LabRuns()

    def layout(self, query):
        """The page with the settings of the address."""
        return layout(read_query(query))

    def callbacks(self, app):
        """The browser gathers what the controls say and asks for it, one request at a time."""
        connect_sliders(app, NAME, SLID)
        app.clientside_callback(
            ClientsideFunction(NAME, "offer"),
            Output(f"{NAME}-offered", "data"),
            *[Input(value_id(NAME, field), "value") for field in FIELDS],
            Input("scheme", "data"),
        )
        app.clientside_callback(
            ClientsideFunction(NAME, "zoomed"),
            Output(f"{NAME}-offered", "data", allow_duplicate=True),
            Input(f"{NAME}-timeline", "relayoutData"),
            prevent_initial_call=True,
        )

        @app.server.post(f"/{NAME}/picture")
        def lab_picture():
            return answer_to(request.get_json(), self.runs)

        @app.server.post(f"/{NAME}/cells")
        def lab_cells():
            return cells_of(request.get_json(), self.runs)

        @app.server.get(f"/{NAME}/blank")
        def lab_blank():
            return Response(blank(), mimetype="text/html")

        @app.server.post(f"/{NAME}/file")
        def lab_file():
            try:
                file, content = file_for(request.get_json(), self.runs)
            except PdscopeError as error:
                abort(400, str(error))
            return Response(
                content,
                mimetype=file.media_type,
                headers={"Content-Disposition": f'attachment; filename="{filename_of(file)}"'},
            )
