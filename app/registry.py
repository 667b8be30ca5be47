"""The registry of pages: a page is a module of `app.pages` that registers one class."""

from typing import Any, Protocol

from simcore.registry import Registry


class Page(Protocol):
    """What a page's class offers; the shell makes one of each, without arguments.

    Attributes
    ----------
    path : where the page is, from the root; "/" is home
    title : in the navigation and in the window's title
    order : place in the navigation, smallest first; None for a page that has none there: the page
        whose path its own begins with leads to it
    hint : what to try here, for a first visitor: a line of text, or components
    """

    path: str
    title: str
    order: int | None
    hint: Any

    def layout(self, query: str):
        """The page's components, made anew for each visit; `query` is the address's, after "?".

        Ids of components start with the page's name and a hyphen, as `app.controls` makes them.
        """

    def callbacks(self, app) -> None:
        """Register the page's callbacks on the Dash `app`; called once, before any layout."""


PAGES: Registry[type[Page]] = Registry("page", "app.pages")
