"""A page that sweeps two fields of the scenario and draws TTDS over them.

The layout and the two routes are here; what happens in between (asking for slices, filling the
picture, making the files to download) happens in the browser, in assets/pages/sweep.js.
"""

import json

import dash_mantine_components as dmc
import pandas as pd
from dash import ClientsideFunction, Input, Output, State, dcc, html
from flask import Response, request

from app.controls import control, message_id, value_id
from app.figures.surface import CONFIG
from app.sweep_html import PLACE, axis_of, blank_page, figures_of
from app.sweep_slices import BadRequest, answer, compute, read, swept_fields
from simcore.errors import ScenarioError
from simcore.parameters import Number, parameters_of
from simcore.scenario import Scenario
from simcore.sweep import COLUMNS, SweepPlan

ENDS = ("from", "to", "step")


class SweepPage:
    """The page of one plan; a subclass names it and its place.

    Attributes
    ----------
    name : what the ids of its components start with
    plan : what it sweeps by default
    """

    name: str
    path: str
    plan: SweepPlan

    @property
    def fields(self) -> list[str]:
        """The scenario's fields that have a control."""
        swept = swept_fields(self.plan)
        return [field for field in parameters_of(Scenario) if field not in swept]

    def layout(self, query):
        return html.Div(
            [
                html.H1(self.plan.title, className="visually-hidden"),
                dcc.Store(id=self._id("plan"), data=self._facts()),
                html.Aside(self._rail(), className="sweep-rail", **{"aria-label": "Sweep"}),
                html.Section(self._result(), className="sweep-result"),
            ],
            className="sweep",
        )

    def callbacks(self, app) -> None:
        plan, graph = State(self._id("plan"), "data"), self._id("graph")
        boxes = [self._end_id(field, end) for field in (self.plan.x, self.plan.y) for end in ENDS]
        boxes += [value_id(self.name, field) for field in self.fields]
        app.clientside_callback(
            ClientsideFunction("sweep", "start"),
            Output(self._id("count"), "children"),
            Input(self._id("run"), "n_clicks"),
            plan,
            *(State(box, "value") for box in boxes),
        )
        app.clientside_callback(
            ClientsideFunction("sweep", "draw"),
            Output(graph, "figure"),
            Input("scheme", "data"),
            plan,
        )
        for action in ("cancel", "html", "csv"):
            app.clientside_callback(
                ClientsideFunction("sweep", action),
                Output(self._id(action), "disabled"),
                Input(self._id(action), "n_clicks"),
                plan,
                prevent_initial_call=True,
            )
        app.server.add_url_rule(
            f"{self.path}/slice", self._id("slice"), self._answer, methods=["POST"]
        )
        app.server.add_url_rule(f"{self.path}/blank", self._id("blank"), self._blank)

    def _id(self, part):
        return f"{self.name}-{part}"

    def _end_id(self, field, end):
        return f"{value_id(self.name, field)}-{end}"

    def _facts(self):
        """What assets/pages/sweep.js must know."""
        x, y = axis_of(self.plan.x), axis_of(self.plan.y)
        nothing = pd.DataFrame(columns=[x.field, y.field, *COLUMNS])
        return {
            "page": self.name,
            "slices": f"{self.path}/slice",
            "blank": f"{self.path}/blank",
            "place": PLACE,
            "filename": self.plan.filename,
            "axes": [{"field": axis.field, "symbol": axis.symbol} for axis in (x, y)],
            "ends": ENDS,
            "fields": self.fields,
            "columns": list(nothing.columns),
            "figures": figures_of(nothing, self.plan),
        }

    def _rail(self):
        infos, base = parameters_of(Scenario), self.plan.base
        return [
            *(self._axis(field) for field in (self.plan.x, self.plan.y)),
            html.Div(
                [
                    dmc.Button("Run", id=self._id("run"), size="xs"),
                    self._button("cancel", "Cancel"),
                ],
                className="sweep-buttons",
            ),
            html.Div(id=self._id("error"), className="control-message", role="alert"),
            html.Fieldset(
                [
                    html.Legend("The same in every cell"),
                    *(
                        self._control(field, infos[field], getattr(base, field))
                        for field in self.fields
                    ),
                ],
                className="sweep-group",
            ),
        ]

    def _control(self, field, info, value):
        part = control(self.name, field, info, value, slider=False)
        if isinstance(info, Number):
            # Nothing listens while one types, and Run must find what was typed just before.
            part[value_id(self.name, field)].debounce = False
        return part

    def _axis(self, field):
        info, values = parameters_of(Scenario)[field], self.plan.axes[field]
        step = values[1] - values[0]
        # As people say it: M to 2048, though no step ends there.
        last = info.high if values[-1] < info.high < values[-1] + step else values[-1]
        start = {"from": values[0], "to": last, "step": step}
        boxes = [
            dmc.NumberInput(
                id=self._end_id(field, end),
                label=end.capitalize(),
                value=start[end],
                min=1,
                max=info.most,
                step=1 if end == "step" else info.step,
                allowDecimal=False,
                allowNegative=False,
                # What is out of range is refused with a reason, not silently changed.
                clampBehavior="none",
                thousandSeparator="\u202f",
                hideControls=True,
                size="xs",
            )
            for end in ENDS
        ]
        return html.Fieldset(
            [
                html.Legend(axis_of(field).title, title=info.help),
                html.Div(boxes, className="sweep-ends"),
                html.Div(
                    id=message_id(self.name, field), className="control-message", role="alert"
                ),
            ],
            className="sweep-group",
        )

    def _result(self):
        progress = html.Progress(
            id=self._id("progress"),
            value="0",
            max="1",
            className="sweep-progress",
            **{"aria-label": "Cells computed"},
        )
        graph = dcc.Graph(
            id=self._id("graph"),
            config=CONFIG | {"toImageButtonOptions": {"filename": self.plan.filename, "scale": 2}},
            responsive=True,
            className="sweep-graph",
        )
        return [
            html.Div(
                [
                    progress,
                    html.Span(id=self._id("count"), className="sweep-count"),
                    self._button("html", "Download HTML"),
                    self._button("csv", "Download CSV"),
                ],
                className="sweep-bar",
            ),
            html.P(id=self._id("status"), className="sweep-status", role="status"),
            html.Div(
                graph,
                className="sweep-picture",
                role="group",
                **{"aria-label": f"{self.plan.title}, in 3D"},
            ),
        ]

    def _button(self, part, label):
        """A button that has nothing to do yet."""
        return dmc.Button(label, id=self._id(part), size="xs", variant="default", disabled=True)

    def _answer(self):
        """The next slice; a refusal that the reader can act on is an answer like any other."""
        try:
            asked = read(request.get_data(), self.plan)
            body, status = answer(asked, compute(asked)), 200
        except ScenarioError as error:
            body, status = {"error": str(error), "field": error.field}, 200
        except BadRequest as error:
            body, status = {"error": str(error), "field": None}, 400
        except RecursionError:
            body, status = {"error": "the body is nested too deeply", "field": None}, 400
        text = json.dumps(body, allow_nan=False)
        return Response(text, status=status, mimetype="application/json")

    def _blank(self):
        # As plain text: it is to be filled and saved, not opened from here.
        return Response(blank_page(self.plan.title), mimetype="text/plain")
