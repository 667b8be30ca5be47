"""axe-core finds nothing serious on any page, light or dark, wide or narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app.shell import pages
from tests.browser.test_sweeps import wait_for_end

SERIOUS = ("serious", "critical")
SIZES = {"wide": (1440, 900), "narrow": (360, 800)}
# What axe-core has against colours; all else that it looks for is the same in light and dark.
OF_COLOURS = ("color-contrast", "link-in-text-block")


def serious(page, rules=()):
    """What axe-core finds by `rules`, or by all, a line for each place, on the page as it is."""
    # What moves has other colours meanwhile.
    page.wait_for_function(
        "() => document.getAnimations().every((one) => one.playState !== 'running')"
    )
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else {}
    run = Axe().run(page, options={"resultTypes": ["violations"], **only})
    return [
        f"{finding['id']} ({finding['impact']}): {' '.join(node['target'])}: {finding['help']}"
        for finding in run.response["violations"]
        if finding["impact"] in SERIOUS
        for node in finding["nodes"]
    ]


def settle(page):
    """Wait until the page has shown all that it shows by itself."""
    expect(page.locator("main#page > *").first).to_be_visible()
    if page.locator(".sweep-result").count():
        wait_for_end(page)
    if page.locator("#gantt6d-page").count():
        expect(page.locator("#gantt6d-page")).to_have_attribute("data-settled", "true")
    if page.locator("#fabric-page").count():
        expect(page.locator("#fabric-contended")).to_have_attribute("data-complete", "yes")
    if page.locator("#fidelity-page").count():
        expect(page.locator("#fidelity-errors tbody tr").first).to_be_visible()
    if page.locator("#serving-page").count():
        expect(page.locator("#serving-explained tbody tr").first).to_be_visible()
    if page.locator("#lab-page").count():
        expect(page.locator("#lab-surface-picture")).to_have_attribute("data-complete", "yes")


@pytest.mark.parametrize("path", [page.path for page in pages()])
def test_no_page_has_a_serious_violation(page, path):
    found = []
    page.emulate_media(color_scheme="light")
    page.goto(path)
    for scheme, rules in (("light", ()), ("dark", OF_COLOURS)):
        if scheme == "dark":
            page.get_by_role("button", name="Switch between light and dark").click()
        expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            settle(page)
            found += [f"{scheme}, {size}: {line}" for line in serious(page, rules)]
    assert found == []


def test_colours_that_cannot_be_told_apart_are_found(page):
    page.goto("/fidelity")
    settle(page)
    page.locator("#fidelity-said").evaluate("(one) => { one.style.color = '#eee'; }")
    assert any("color-contrast" in line for line in serious(page, OF_COLOURS))


@pytest.mark.parametrize("first", ["/", "/?v=2&pp=1"], ids=["another shown", "nothing shown"])
def test_what_cannot_be_run_can_be_read(page, first):
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(first)
        settle(page)
        if first == "/":
            expect(page.locator("#gantt6d-steps")).to_have_attribute("data-complete", "true")
            page.locator("#gantt6d-pp").fill("1")
        expect(page.locator("#gantt6d-pp-message")).to_contain_text("does not fit")
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            found += [f"{scheme}, {size}: {line}" for line in serious(page)]
    assert found == []


def test_open_stages_and_every_setting_have_no_serious_violation(page):
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto("/?v=3&pp=2&tp=2&decode=NVIDIA+H100&topo=hgx-rail&t=1024&m=512")
        settle(page)
        page.locator("#gantt6d-ranks").click()
        expect(page.get_by_role("button", name="Close stages")).to_be_visible()
        for part in page.locator(".fold > summary").all():
            if not part.evaluate("(one) => one.parentElement.open"):
                part.click()
        found += [f"{scheme}: {line}" for line in serious(page)]
    assert found == []


def test_a_page_that_is_not_there_says_so(page, complaints):
    answer = page.goto("/nothing")
    assert answer.status == 404
    expect(page.get_by_role("heading", name="No such page")).to_be_visible()
    expect(page).to_have_title("No such page · pdscope")
    assert serious(page) == []
    page.get_by_role("link", name="To the start").click()
    settle(page)
    expect(page).not_to_have_title("No such page · pdscope")
    assert len(complaints) == 1 and "/nothing" in complaints[0] and "404" in complaints[0]
    complaints.clear()


def test_a_list_that_opens_has_a_name(page):
    page.goto("/")
    settle(page)
    page.locator("#gantt6d-prefill_gpu").click()
    expect(page.get_by_role("listbox", name="Prefill GPU")).to_be_visible()
    assert serious(page) == []
