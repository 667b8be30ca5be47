"""The catalog's tables as HTML; assets/pages/catalog/tables.js puts them in order and searches."""

from dash import html

from app.catalog.columns import TABLES, Cell, Column, Table, searched
from app.catalog.session import own_names
from app.still import html_of

NAME = "catalog"


def tables() -> dict[str, str]:
    """Of each kind of item, the table with what there is now."""
    return {kind: html_of(table_of(table)) for kind, table in TABLES.items()}


def table_of(table: Table):
    """The table of one kind; rows of the session's own items say so."""
    own = own_names(table.kind)
    head = [_head("name", "Name", "", "What scenarios, files and screens say", False)]
    head += [_head(c.key, c.label, c.unit, c.help, c.number) for c in table.columns]
    if table.kind == "gpu":
        plot = html.Th(
            [html.Span("Plot"), html.Span(" on the roofline", className="visually-hidden")],
            scope="col",
            className="catalog-plot",
        )
        head.insert(0, plot)
    rows = [_row(table, item, item.name in own) for item in table.items()]
    return html.Table(
        [
            html.Caption(f"{table.title} of the catalog", className="visually-hidden"),
            html.Thead(html.Tr(head)),
            html.Tbody(rows),
        ],
        className="catalog-table",
        **{"data-kind": table.kind},
    )


def _head(key, label, unit, help, number):
    button = html.Button(
        [label, html.Span(unit, className="catalog-unit") if unit else None],
        className="catalog-sort",
        title=help,
        type="button",
    )
    return html.Th(
        button,
        scope="col",
        className="number" if number else None,
        **{"aria-sort": "none", "data-key": key},
    )


def _row(table, item, own):
    open_button = html.Button(
        item.name,
        className="catalog-open",
        type="button",
        **{"aria-expanded": "false"},
    )
    badge = html.Span("own", className="catalog-own") if own else None
    cells = [_cell(column, column.cell(item)) for column in table.columns]
    name = html.Th([open_button, badge], scope="row", **{"data-sort": item.name.casefold()})
    plot = []
    if table.kind == "gpu":
        box = html.Span(
            className="catalog-check",
            role="checkbox",
            tabIndex=0,
            **{"aria-checked": "false", "aria-label": f"{item.name} on the roofline"},
        )
        plot = [html.Td(box, className="catalog-plot")]
    return html.Tr(
        [*plot, name, *cells],
        className="own" if own else None,
        **{"data-name": item.name, "data-search": searched(item)},
    )


def _cell(column: Column, cell: Cell):
    note = html.Span(cell.note, className="catalog-note") if cell.note else None
    return html.Td(
        [cell.text, " " if note else None, note],
        className="number" if column.number else None,
        **{"data-sort": "" if cell.sort is None else cell.sort},
    )
