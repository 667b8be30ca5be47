"""The settings of the Lab page as an address, and back."""

from dataclasses import fields, replace

import pytest

from app.lab.address import query_of, read_query
from app.lab.settings import FIELDS, Settings
from simcore.parameters import Choice


def other(name):
    """A value that is not the usual one."""
    info, usual = FIELDS[name], getattr(Settings(), name)
    if isinstance(info, Choice):
        return next(option for option in info.options() if option != usual)
    return info.most if info.most != usual else info.least


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_comes_back(name):
    settings = replace(Settings(), **{name: other(name)})
    assert read_query(query_of(settings)).settings == settings


def test_what_is_usual_is_left_out_and_what_is_of_others_is_not_read():
    assert query_of(Settings()) == ""
    link = read_query("v=3&pp=4&llm=LLaMA-3.1-70B&lab.ranks=8")
    assert link.settings == Settings(ranks=8) and link.notice == ""


@pytest.mark.parametrize(
    "query, said",
    [
        ("lab.ranks=1000", "out of range"),
        ("lab.ranks=a", "is not a number"),
        ("lab.ranks=", "is empty"),
        ("lab.algorithm=x", "is unknown"),
        ("lab.x=1", "means nothing"),
        ("lab.ranks=" + "9" * 5000, "longer than"),
        ("&".join("lab.ranks=2" for _ in range(99)), "more than 64 parts"),
    ],
    ids=lambda text: text[:20],
)
def test_what_means_nothing_is_told_and_left_out(query, said):
    link = read_query(query)
    assert link.settings == Settings()
    assert link.notice.startswith("Ignored in this link") and said in link.notice


def test_of_a_key_that_is_there_twice_the_last_counts():
    assert read_query("lab.ranks=2&lab.ranks=8").settings.ranks == 8
