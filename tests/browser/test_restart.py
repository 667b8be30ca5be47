"""A server that goes away while somebody uses the page, and one that comes back in its place."""

import re

import pytest
from playwright.sync_api import expect

from app.numbers import duration
from simcore import Scenario, run
from tests.served import Served

NAME = "gantt6d"
AWAY = "The server is away; trying again."


@pytest.fixture
def own(tmp_path, repository):
    """A server of this test alone."""
    server = Served(repository, tmp_path / "log.txt")
    server.start()
    try:
        yield server
    finally:
        server.kill()
    assert "Traceback" not in server.said(), server.said()


@pytest.fixture
def gantt(page, own, complaints):
    """The page; that it goes to this server, and that requests fail meanwhile, is no complaint."""
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto(f"http://127.0.0.1:{own.port}/")
    expect(page.locator(f"#{NAME}-card-ttds .card-number")).not_to_be_empty()
    yield page
    # Nothing more is said or asked for then, and what was has been heard.
    page.goto("about:blank")
    page.evaluate("0")
    failed = rf"console: Failed to load resource: .*127\.0\.0\.1:{own.port}/"
    foreign = rf"request to a foreign host: http://127\.0\.0\.1:{own.port}/"
    complaints[:] = [line for line in complaints if not re.match(f"{failed}|{foreign}", line)]


def in_flight(page):
    """Counts requests for pictures: a dict with `now`, `most` and `asked`."""
    seen = {"now": 0, "most": 0, "asked": 0}

    def counted(change):
        def count(request):
            if request.url.endswith("/picture"):
                seen["now"] += change
                seen["most"] = max(seen["most"], seen["now"])
                seen["asked"] += change > 0

        return count

    page.on("request", counted(1))
    page.on("requestfinished", counted(-1))
    page.on("requestfailed", counted(-1))
    return seen


def drag(page, field, shares):
    track = page.locator(f"#{NAME}-{field}-slider").bounding_box()
    grip = page.locator(f"#{NAME}-{field}-slider").get_by_role("slider").bounding_box()
    y = grip["y"] + grip["height"] / 2
    page.mouse.move(grip["x"] + grip["width"] / 2, y)
    page.mouse.down()
    for share in shares:
        page.mouse.move(track["x"] + share * track["width"], y)
    page.mouse.up()


def ttds_text(**values):
    return "".join(duration(run(Scenario(**values)).metrics.ttds_s))


def test_what_was_dragged_while_the_server_was_away_is_painted_when_it_is_back(gantt, own):
    said = gantt.locator(f"#{NAME}-said")
    before = said.text_content()
    own.kill()
    seen = in_flight(gantt)
    drag(gantt, "chunk_tokens", [0.1 + 0.01 * i for i in range(40)])
    expect(said).to_have_text(AWAY)
    drag(gantt, "prompt_tokens", [0.5, 0.6, 0.7])
    # It has been asked at least twice in vain.
    gantt.wait_for_event("requestfailed")
    gantt.wait_for_event("requestfailed")
    expect(said).to_have_text(AWAY)
    assert seen["most"] == 1
    assert seen["asked"] < 12
    own.start()
    values = {
        field: int(re.sub(r"\D", "", gantt.locator(f"#{NAME}-{field}").input_value()))
        for field in ("chunk_tokens", "prompt_tokens")
    }
    expect(gantt.locator(f"#{NAME}-card-ttds .card-value")).to_have_text(ttds_text(**values))
    expect(said).not_to_have_text(AWAY)
    assert said.text_content() not in ("", before)
    expect(gantt).to_have_url(re.compile(rf"[?&]t={values['prompt_tokens']}\b"))
    assert seen["most"] == 1


def test_the_page_says_once_that_the_server_is_away(gantt, own):
    gantt.evaluate(
        f"""() => {{
          window.heard = [];
          const line = document.getElementById("{NAME}-said");
          new MutationObserver(() => window.heard.push(line.textContent)).observe(
            line, {{ childList: true, characterData: true, subtree: true }});
        }}"""
    )
    own.kill()
    gantt.locator(f"#{NAME}-pp").fill("4")
    for _ in range(3):
        gantt.wait_for_event("requestfailed")
    own.start()
    expect(gantt.locator(f"#{NAME}-card-ttds .card-value")).to_have_text(ttds_text(pp=4))
    expect(gantt.locator(f"#{NAME}-said")).not_to_have_text(AWAY)
    heard = gantt.evaluate("window.heard")
    assert heard.count(AWAY) == 1
    assert len(heard) == 2


def test_a_page_that_is_gone_to_meanwhile_is_shown_when_the_server_is_back(gantt, own):
    own.kill()
    gantt.get_by_role("link", name="M×T").or_(gantt.locator("#nav-mt-sweep")).first.click()
    expect(gantt.locator("#server-away")).to_have_text(AWAY)
    own.start()
    expect(gantt.locator("#mt-run")).to_be_visible()
    expect(gantt.locator("#server-away")).to_be_empty()


def test_a_newer_server_renews_the_page_with_the_newest_state(gantt, own):
    """As if the server had been updated: what it calls itself is not what this page was made by."""
    gantt.evaluate(
        """() => {
          document.querySelector('meta[name="pdscope-build"]').content = "an older one";
          window.old = true;
        }"""
    )
    gantt.locator(f"#{NAME}-pp").fill("4")
    gantt.wait_for_function("() => window.old === undefined")
    expect(gantt.locator(f"#{NAME}-pp")).to_have_value("4")
    expect(gantt.locator(f"#{NAME}-card-ttds .card-value")).to_have_text(ttds_text(pp=4))
    assert gantt.evaluate("window.old") is None
