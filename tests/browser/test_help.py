"""Keys, the list of them, the hint, and the window's title."""

import re

import pytest
from playwright.sync_api import expect

from app.shell import pages


@pytest.fixture
def opened(page):
    page.goto("/")
    page.locator("#gantt6d-page[data-settled=true]").wait_for()
    return page


def test_the_list_of_keys_opens_and_closes_by_keys(opened):
    dialog = opened.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_hidden()
    opened.keyboard.press("?")
    expect(dialog).to_be_visible()
    for text in ("Critical path", "Lock time axis", "Show all of the run", "Light or dark"):
        expect(dialog.get_by_role("cell", name=text, exact=True)).to_be_visible()
    opened.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    opened.get_by_role("button", name="Keys of this page").click()
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_a_key_presses_what_says_so(opened):
    lock = opened.get_by_label("Lock time axis")
    expect(lock).not_to_be_checked()
    opened.keyboard.press("l")
    expect(lock).to_be_checked()
    html = opened.locator("html")
    before = html.get_attribute("data-mantine-color-scheme")
    opened.keyboard.press("t")
    expect(html).not_to_have_attribute("data-mantine-color-scheme", before)


def test_what_is_typed_into_a_box_is_no_shortcut(opened):
    opened.locator("#gantt6d-prefill_gpu").click()
    opened.keyboard.type("l?")
    expect(opened.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(opened.get_by_label("Lock time axis")).not_to_be_checked()


def test_the_hint_is_seen_until_it_is_dismissed(opened):
    hint = opened.get_by_role("complementary", name="Hint")
    expect(hint).to_be_visible()
    hint.get_by_role("button", name="Got it").click()
    expect(hint).to_be_hidden()
    opened.reload()
    opened.locator("#gantt6d-page[data-settled=true]").wait_for()
    expect(hint).to_be_hidden()


def test_the_hint_is_of_the_page_that_is_open_and_covers_nothing(opened):
    hint = opened.get_by_role("complementary", name="Hint")
    told = {}
    for page in pages():
        if page.order is None:
            # Another page leads there.
            continue
        opened.locator(".nav").get_by_role("link", name=page.title).click()
        expect(hint.locator("p:visible")).to_have_attribute("data-path", page.path)
        told[page.path] = hint.inner_text()
        for width in (1440, 360):
            opened.set_viewport_size({"width": width, "height": 800})
            bottom = hint.evaluate("(hint) => hint.getBoundingClientRect().bottom")
            assert bottom <= opened.locator("main").evaluate(
                "(main) => main.getBoundingClientRect().top"
            )
    assert len(set(told.values())) == len(told)


def test_the_title_names_the_page(opened):
    opened.get_by_role("link", name="MTSweep").click()
    expect(opened).to_have_title(re.compile("^MTSweep"))
