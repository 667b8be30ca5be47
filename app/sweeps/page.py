"""A page that sweeps two fields of the scenario and draws a metric over them.

The layout and the two routes are here; what happens in between (asking for slices, filling the
pictures, making the files to download) happens in the browser, in assets/pages/sweep.js.
"""

import json
import os
from typing import ClassVar

import dash_mantine_components as dmc
import pandas as pd
from dash import ClientsideFunction, Input, Output, State, dcc, html
from flask import Response, request

from app.controls import WITHOUT, control, message_id, number_box, value_id
from app.figures.grid import CONFIG, Metric
from app.single_file import PLACE
from app.sweeps.address import SweepLink, read_sweep
from app.sweeps.axes import ENDS, BadRequest, list_text
from app.sweeps.html import blank_page, figures_of
from app.sweeps.pictures import nothing, picture, pictures_of
from app.sweeps.rules import RULES
from app.sweeps.slices import Worker, answer, read
from app.sweeps.terms import (
    axis_of,
    filename_of,
    metrics_of,
    on_screen,
    short_label_of,
    table_filename_of,
    told_of,
    usual_metric,
)
from simcore.cell_cache import default_cache
from simcore.errors import PdscopeError
from simcore.executors import DaskCluster
from simcore.parameters import Group, Number, Text, parameters_of
from simcore.scenario import Scenario
from simcore.sweep import COLUMNS, SweepPlan

DASK_VARIABLE = "PDSCOPE_DASK"
# What the browser puts the shown metric's symbol in place of.
SYMBOL = "{metric}"


class SweepPage:
    """The page of one plan; a subclass names it and its place.

    Attributes
    ----------
    name : what the ids of its components start with
    plan : what it sweeps by default
    siblings : pages about the same, this one among them, by path what they are called
    """

    name: str
    path: str
    title: str
    plan: SweepPlan
    siblings: ClassVar[dict[str, str]] = {}

    @property
    def fields(self) -> list[str]:
        """The scenario's fields that have a control."""
        others = (*self.plan.sets, *WITHOUT)
        return [field for field in parameters_of(Scenario) if field not in others]

    def layout(self, query):
        """The page for the sweep of the address."""
        link = read_sweep(query, self.plan)
        return html.Div(
            [
                html.H1(self.plan.title, className="visually-hidden"),
                dcc.Store(id=self._id("plan"), data=self._facts(link)),
                html.Aside(self._rail(link), className="sweep-rail", **{"aria-label": "Sweep"}),
                html.Section(self._result(link), className="sweep-result"),
            ],
            className="sweep",
            id=self._id("page"),
        )

    def callbacks(self, app) -> None:
        """The browser does what is to be done; two routes give it what it needs."""
        plan = State(self._id("plan"), "data")
        app.clientside_callback(
            ClientsideFunction("sweep", "start"),
            Output(self._id("count"), "children"),
            Input(self._id("run"), "n_clicks"),
            plan,
            State(self._id("metric"), "value"),
            *(State(box, "value") for box in self._boxes()),
        )
        app.clientside_callback(
            ClientsideFunction("sweep", "changed"),
            Output(self._id("stale"), "children"),
            *(Input(box, "value") for box in self._boxes()),
            plan,
        )
        app.clientside_callback(
            ClientsideFunction("sweep", "show"),
            *(Output(self._id(part), "figure") for part in pictures_of(self.plan)),
            Input("scheme", "data"),
            Input(self._id("metric"), "value"),
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
        # A scene tells of a click when a drag begins, too; so there it is what is pointed at.
        heard = {"heat": ("open", "clickData"), "surface": ("point", "hoverData")}
        for part in pictures_of(self.plan):
            event, data = heard[part]
            app.clientside_callback(
                ClientsideFunction("sweep", event),
                Output(self._id(part), data),
                Input(self._id(part), data),
                plan,
                prevent_initial_call=True,
            )
        address = os.environ.get(DASK_VARIABLE)
        self._worker = Worker(default_cache(), DaskCluster(address) if address else None)
        app.server.add_url_rule(
            f"{self.path}/slice", self._id("slice"), self._answer, methods=["POST"]
        )
        app.server.add_url_rule(f"{self.path}/blank", self._id("blank"), self._blank)

    def _id(self, part):
        return f"{self.name}-{part}"

    def _end_id(self, field, end):
        return f"{value_id(self.name, field)}-{end}"

    def _boxes(self):
        """Ids of what holds the sweep's values, in the order in which the browser reads them."""
        for field in (self.plan.x, self.plan.y):
            if self.plan.is_choice(field) or self.plan.is_list(field):
                yield value_id(self.name, field)
            else:
                yield from (self._end_id(field, end) for end in ENDS)
        yield from (value_id(self.name, field) for field in self.fields)

    def _facts(self, link: SweepLink):
        """What assets/pages/sweep.js must know."""
        axes = [axis_of(field, self.plan) for field in (self.plan.x, self.plan.y)]
        nothing = pd.DataFrame(columns=[*(axis.field for axis in axes), *COLUMNS])
        metrics = metrics_of(self.plan)
        any_metric = Metric(field="ttds_s", symbol=SYMBOL, text=str)
        return {
            "page": self.name,
            "path": self.path,
            "slices": f"{self.path}/slice",
            "blank": f"{self.path}/blank",
            "place": PLACE,
            "axes": [
                {
                    "field": axis.field,
                    "name": axis.name,
                    "names": axis.names,
                    "listed": axis.listed,
                }
                for axis in axes
            ],
            "joint": self.plan.pool is not None,
            "ends": ENDS,
            "fields": self.fields,
            "labels": {field: short_label_of(field) for field in self.fields},
            # What is in their boxes is no number, whatever it looks like.
            "texts": [f for f in self.fields if isinstance(parameters_of(Scenario)[f], Text)],
            "carried": {name: getattr(link.base, name) for name in self.plan.sets},
            "columns": list(nothing.columns),
            "pictures": pictures_of(self.plan),
            "config": CONFIG,
            "rules": RULES,
            "symbol": SYMBOL,
            "title": self.title,
            "table": table_filename_of(self.plan),
            "usual": usual_metric(self.plan),
            "metrics": {
                key: {
                    "field": metric.field,
                    "symbol": metric.symbol,
                    "rate": metric.rate,
                    "filename": filename_of(self.plan, metric),
                }
                for key, metric in metrics.items()
            },
            "figures": figures_of(nothing, self.plan, metric=any_metric),
        }

    def _rail(self, link):
        fields = [self.plan.x, self.plan.y]
        if self.plan.is_choice(self.plan.x):
            # As a pair is told: what prefills first.
            fields.reverse()
        return [
            *self._siblings(),
            *(self._axis(field, link.spans[field]) for field in fields),
            html.Div(
                [
                    dmc.Button("Run", id=self._id("run"), size="xs"),
                    self._button("cancel", "Cancel"),
                ],
                className="sweep-buttons",
            ),
            html.Div(id=self._id("error"), className="control-message", role="alert"),
            html.Fieldset(
                [html.Legend("The same in every cell"), *self._controls(link.base)],
                className="sweep-group",
            ),
        ]

    def _siblings(self):
        """Links to the pages about the same, which carry the scenario as those above do."""
        links = [
            dcc.Link(name, href=path, className="nav-link", id=self._id(f"sibling-{n}"))
            for n, (path, name) in enumerate(self.siblings.items())
        ]
        label = {"aria-label": "Which pool"}
        return [html.Nav(links, className="sweep-siblings", **label)] if links else []

    def _controls(self, base):
        """Those about the requests and the pools, and the others under a heading each."""
        infos = parameters_of(Scenario)
        groups = {group: [] for group in Group}
        for field in self.fields:
            groups[infos[field].group].append(field)
        first, *others = [
            [self._control(field, infos[field], getattr(base, field)) for field in fields]
            for fields in groups.values()
        ]
        usual = [{getattr(s, field) for s in (Scenario(), self.plan.base)} for field in self.fields]
        said = any(
            infos[field].group is not Group.BATCH and getattr(base, field) not in values
            for field, values in zip(self.fields, usual, strict=True)
        )
        headed = zip([g.value for g in Group][1:], others, strict=True)
        parts = [part for title, controls in headed for part in (html.H3(title), *controls)]
        return [
            *first,
            html.Details([html.Summary("More"), *parts], className="more fold", open=said),
        ]

    def _control(self, field, info, value):
        part = control(self.name, field, info, value, slider=False)
        if isinstance(info, Number | Text):
            # Nothing listens while one types, and Run must find what was typed just before.
            part[value_id(self.name, field)].debounce = False
        return part

    def _axis(self, field, span):
        info = parameters_of(Scenario)[field]
        place = {"className": "sweep-group", "id": f"{value_id(self.name, field)}-control"}
        message = html.Div(
            id=message_id(self.name, field), className="control-message", role="alert"
        )
        if self.plan.is_choice(field):
            return html.Div([self._names(field, info, span), message], **place)
        if self.plan.is_list(field):
            return html.Div([self._list(field, info, span), message], **place)
        boxes = [self._end(field, info, end, span[end]) for end in ENDS]
        return html.Fieldset(
            [
                html.Legend(axis_of(field, self.plan).title, title=info.help),
                html.Div(boxes, className="sweep-ends"),
                # How many values that makes, and where they end.
                html.Div(id=f"{value_id(self.name, field)}-values", className="sweep-values"),
                message,
            ],
            **place,
        )

    def _end(self, field, info, end, value):
        # Nothing listens while one types, and Run must find what was typed just before.
        return number_box(
            self._end_id(field, end), info, value, label=end.capitalize(), debounce=False
        )

    def _list(self, field, info, values):
        return dmc.TextInput(
            id=value_id(self.name, field),
            label=html.Span(axis_of(field, self.plan).title, title=info.help),
            value=list_text(values),
            placeholder="1, 2, 4",
            size="xs",
            className="sweep-list",
        )

    def _names(self, field, info, names):
        return dmc.MultiSelect(
            id=value_id(self.name, field),
            label=f"{info.label}s",
            value=names,
            data=list(info.options()),
            clearable=True,
            searchable=True,
            # As of the selects of `app.controls`.
            withScrollArea=False,
            attributes={"options": {"tabIndex": 0}},
            size="xs",
            className="sweep-names",
        )

    def _result(self, link):
        names = self.plan.is_choice(self.plan.x)
        progress = html.Progress(
            id=self._id("progress"),
            value="0",
            max="1",
            className="sweep-progress",
            **{"aria-label": "Cells computed"},
        )
        metric = html.Fieldset(
            [
                html.Legend("Shown", className="visually-hidden"),
                dmc.SegmentedControl(
                    id=self._id("metric"),
                    data=[
                        {"value": key, "label": html.Span(told.symbol, title=told.meaning)}
                        for key, told in told_of(self.plan).items()
                    ],
                    value=link.metric,
                    size="xs",
                ),
            ],
            className="sweep-metric",
        )
        return [
            html.Div(on_screen(link.notice), className="notice") if link.notice else None,
            html.Div(
                [
                    metric,
                    progress,
                    html.Span(id=self._id("count"), className="sweep-count"),
                    self._button("html", "Download HTML"),
                    self._button("csv", "Download CSV"),
                ],
                className="sweep-bar",
            ),
            html.Div(
                [
                    html.P(
                        id=self._id("stale"), className="sweep-stale", **{"aria-live": "polite"}
                    ),
                    html.P(id=self._id("status"), className="sweep-status", role="status"),
                ],
                className="sweep-said",
            ),
            html.P("Scroll sideways for more columns.", className="sweep-more") if names else None,
            # Where there is a scene it is in its place.
            nothing(self.name) if names else None,
            html.Div(
                [picture(self.name, self.plan, part) for part in pictures_of(self.plan)],
                className="sweep-pictures",
            ),
            # Its links are the browser's to fill.
            html.Nav(id=self._id("best"), className="sweep-best", **{"aria-label": "Best cells"}),
        ]

    def _button(self, part, label):
        """A button that has nothing to do yet."""
        return dmc.Button(label, id=self._id(part), size="xs", variant="default", disabled=True)

    def _answer(self):
        """The next slice; a refusal that the reader can act on is an answer like any other."""
        try:
            asked = read(request.get_data(), self.plan)
            body, status = answer(asked, self._worker.compute(asked)), 200
        except PdscopeError as error:
            body, status = _refusal(error), 200
        except BadRequest as error:
            body, status = _refusal(error), 400
        except RecursionError:
            body, status = _refusal("the body is nested too deeply"), 400
        text = json.dumps(body, allow_nan=False)
        return Response(text, status=status, mimetype="application/json")

    def _blank(self):
        # As plain text: it is to be filled and saved, not opened from here.
        return Response(blank_page(self.plan.title), mimetype="text/plain")


def _refusal(error):
    """What is wrong, and in which box: a field, and of an axis the end."""
    return {
        "error": on_screen(str(error)),
        "field": getattr(error, "field", None),
        "end": getattr(error, "end", None),
    }
