"""Who is refused, and how: by status, in a line of text, never with a traceback."""

import json

import pytest

from app.server.security import MOST_BODY_BYTES
from app.shell import create_app

PICTURE = "/gantt6d/picture"
UPDATE = "/_dash-update-component"
GOOD = {"seq": 1, "values": {}, "window": None, "pixels": 900, "coarse": False, "scheme": "light"}


@pytest.fixture(scope="module")
def app():
    return create_app()


@pytest.fixture(scope="module")
def client(app):
    return app.server.test_client()


def assert_refused(answer, status):
    assert answer.status_code == status
    assert answer.mimetype == "text/plain"
    assert "Traceback" not in answer.text
    assert answer.text.count("\n") == 1
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "localhost:8050", "127.0.0.1:9", "[::1]:8050", "LOCALHOST"]
)
def test_this_machine_is_answered(client, host):
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.7", "[", "",
     "localhost@evil.example:80"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/health", "/_dash-layout", "/assets/style.css"])
def test_a_foreign_name_is_misdirected(client, host, path):
    assert_refused(client.get(path, headers={"Host": host}), 421)


def test_a_name_that_was_given_is_answered_and_no_other():
    client = create_app(["bench.example"]).server.test_client()
    assert client.get("/", headers={"Host": "bench.example:8050"}).status_code == 200
    assert client.get("/", headers={"Host": "localhost"}).status_code == 200
    assert client.get("/", headers={"Host": "192.168.0.7"}).status_code == 421


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_listening_everywhere_answers_to_addresses_but_not_to_names(host):
    """Only names can be pointed elsewhere after a page was loaded."""
    client = create_app([host]).server.test_client()
    for address in ("192.168.0.7:8050", "[fe80::1]:8050", "localhost"):
        assert client.get("/", headers={"Host": address}).status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", "", "["])
def test_a_foreign_origin_is_forbidden(client, origin):
    assert_refused(client.post(PICTURE, json=GOOD, headers={"Origin": origin}), 403)


def test_our_own_origin_is_answered(client):
    answer = client.post(PICTURE, json=GOOD, headers={"Origin": "http://localhost"})
    assert answer.status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_asks_for_is_forbidden_but_its_links_may_be_followed(client, site):
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    assert_refused(client.get("/assets/style.css", headers=headers), 403)
    assert_refused(client.post(PICTURE, json=GOOD, headers=headers), 403)
    headers["Sec-Fetch-Mode"] = "navigate"
    assert client.get("/", headers=headers).status_code == 200
    assert_refused(client.post(PICTURE, json=GOOD, headers=headers), 403)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("path", [PICTURE, UPDATE])
def test_only_json_may_be_posted(client, path, kind):
    assert_refused(client.post(path, data=json.dumps(GOOD), content_type=kind), 415)


@pytest.mark.parametrize("path", [PICTURE, UPDATE])
def test_a_large_body_is_refused(client, path):
    body = json.dumps({**GOOD, "padding": "x" * MOST_BODY_BYTES})
    assert_refused(client.post(path, data=body, content_type="application/json"), 413)


@pytest.mark.parametrize("body", ["", "{", "nul", "\x00", "[" * 60_000, '{"seq": '])
@pytest.mark.parametrize("path", [PICTURE, UPDATE])
def test_what_is_not_json_is_refused(client, path, body):
    assert_refused(client.post(path, data=body, content_type="application/json"), 400)


def routing(**changes):
    """The body of the one callback that Dash itself serves, as the browser posts it."""
    body = {
        "output": "page.children",
        "outputs": {"id": "page", "property": "children"},
        "inputs": [{"id": "address", "property": "pathname", "value": "/"}],
        "state": [{"id": "address", "property": "search", "value": ""}],
        "changedPropIds": ["address.pathname"],
    }
    return {key: value for key, value in {**body, **changes}.items() if value != "absent"}


def test_the_browser_s_own_callback_is_answered(client):
    answer = client.post(UPDATE, json=routing())
    assert answer.status_code == 200
    assert "gantt6d-pp" in answer.text


@pytest.mark.parametrize(
    "body",
    [
        None, 1, "text", [], {}, [routing()],
        *[routing(**{key: value})
          for key in ("output", "outputs", "inputs", "changedPropIds")
          for value in (None, 7, "x", [None], [[]])],
        routing(outputs=[]), routing(output="absent"), routing(outputs="absent"),
        routing(inputs="absent"), routing(state="absent"), routing(state=None), routing(state=[{}]),
        routing(output="gantt6d-pp-slider.value"),
        routing(inputs=[{"id": "address", "property": "href", "value": "/"}]),
        routing(inputs=[{"id": {"a": 1}, "property": "pathname", "value": "/"}]),
    ],
    ids=repr,
)  # fmt: skip
def test_a_malformed_callback_is_a_bad_request(client, body):
    # Not `json=body`: that posts nothing at all for None.
    answer = client.post(UPDATE, data=json.dumps(body), content_type="application/json")
    assert_refused(answer, 400)


@pytest.mark.parametrize("value", [None, 7, [], {}, {"a": [1]}, "x" * 5000, True, 1e308])
@pytest.mark.parametrize("part", ["inputs", "state"])
def test_a_hostile_address_gets_a_page_and_no_error(client, part, value):
    body = routing()
    body[part][0]["value"] = value
    assert client.post(UPDATE, json=body).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/_dash-component-suites/nothing/there.js", "/_dash-component-suites/dash/../../secret",
     "/assets/../pyproject.toml", "/assets/nothing.js", "/assets/__init__.py",
     "/assets/%5f_init__.py",
     "/assets/__pycache__/__init__.cpython-311.pyc", "/assets/pages", "/assets//etc/passwd",
     "/assets/..%2fpyproject.toml", "/assets/%2e%2e/pyproject.toml", "/assets/style.css%00.js",
     "/static/style.css", "/nothing", "/mt-sweep/", "/%ff", "/gantt6d/picture", "/" + "a" * 4000],
)  # fmt: skip
def test_what_is_not_there_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_an_unknown_page_is_shown_and_not_found(client):
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert '<div id="react-entry-point">' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "X" * 99])
def test_no_other_method_does_anything(app, client, method):
    for rule in app.server.url_map.iter_rules():
        path = rule.rule.replace("<", "").replace(">", "")
        answer = client.open(path, method=method)
        assert answer.status_code in (200, 400, 404, 405), (path, answer.text)
        if answer.status_code == 405:
            assert method not in answer.headers["Allow"]
        assert answer.text == "" or answer.status_code != 200


def test_the_policy_allows_nothing_foreign_and_no_evaluation(client):
    policy = client.get("/").headers["Content-Security-Policy"]
    rules = dict(rule.partition(" ")[::2] for rule in policy.split("; "))
    assert rules["default-src"] == "'self'"
    assert rules["script-src"].startswith("'self' 'sha256-")
    assert "unsafe" not in rules["script-src"]
    assert "http" not in policy
    assert rules["frame-ancestors"] == rules["object-src"] == "'none'"


@pytest.mark.parametrize(
    "path, policy",
    [
        ("/", "no-cache"),
        ("/assets/style.css?m=1", "public, max-age=31536000, immutable"),
        ("/_dash-component-suites/plotly/package_data/plotly.min.js", "public, max-age=86400"),
        ("/assets/nothing.js", "no-store"),
    ],
)
def test_browsers_keep_what_does_not_change(client, path, policy):
    assert client.get(path).headers["Cache-Control"] == policy


def test_health_is_answered(client):
    assert client.get("/health").status_code == 200
