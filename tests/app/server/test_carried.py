"""A session's own items: brought along by its requests, seen by those alone."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

import gpu_catalog
from app.catalog import session
from app.catalog.templates import templates
from app.fidelity.shown import points_of
from app.server.security import MOST_BODY_BYTES
from app.shell import create_app
from gpu_catalog import Overlay, overlay
from gpu_catalog.parse import Entry
from tests.app.server.test_hostile import ANSWERS, HOSTILE, RAW, changed, nested
from tests.gpu_catalog.test_overlay import MY_GPU

PICTURE = "/gantt6d/picture"
ASKED = {"seq": 1, "values": {"prefill_gpu": "My GPU", "pp": 8}, "window": None, "pixels": 900,
         "coarse": False, "scheme": "light"}  # fmt: skip
ITEM = {"kind": "gpu", "text": MY_GPU}


@pytest.fixture(scope="module")
def app():
    return create_app()


@pytest.fixture(scope="module")
def client(app):
    return app.server.test_client()


def send(client, carried, body=ASKED, path=PICTURE, **headers):
    """A request as the browser sends it; bytes go as they are."""
    own, more = (
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (body, carried)
    )
    headers = {"X-Pdscope-Catalog": str(len(more))} | headers
    return client.post(path, data=own + more, content_type="application/json", headers=headers)


def test_a_request_is_answered_under_the_items_that_it_brings(client):
    answer = send(client, [ITEM]).get_json()
    assert "wrong" not in answer and "My GPU" in answer["title"]
    assert gpu_catalog.current_overlay() is None


def test_a_request_without_them_does_not_know_them(client):
    send(client, [ITEM])
    wrong = client.post(PICTURE, json=ASKED).get_json()["wrong"]
    assert wrong["field"] == "prefill_gpu" and "unknown" in wrong["message"]


def ttds(client, text):
    return send(client, [{"kind": "gpu", "text": text}]).get_json()["cards"]["ttds"][2]


def test_items_of_one_name_do_not_share_results(client):
    slow = MY_GPU.replace("2000", "1000").replace("500", "250")
    assert 1.8 * ttds(client, MY_GPU) < ttds(client, slow) < 2.2 * ttds(client, MY_GPU)


def test_sessions_that_ask_at_once_get_their_own(app):
    texts = [MY_GPU.replace("2000", str(2000 + 100 * n)) for n in range(4)]
    alone = [ttds(app.server.test_client(), text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        clients = [app.server.test_client() for _ in texts]
        for _ in range(5):
            assert list(pool.map(ttds, clients, texts)) == alone
    assert len(set(alone)) == len(alone)


def test_what_a_session_replaces_counts_in_nothing_that_sessions_share():
    points_of.cache_clear()
    plain = points_of("physical")
    points_of.cache_clear()
    h100 = replace(gpu_catalog.gpu("NVIDIA H100"), bandwidth=1e12, flops=1e14, flops_fp8=None)
    with overlay(Overlay([Entry(h100, "mine.toml", replaces=True)])):
        assert points_of("physical").equals(plain)


def test_constants_of_an_engine_of_one_s_own_time_the_runs_of_their_session(client):
    """Steps that take 1 s longer on the host, whatever else they take."""
    text = templates()["engine"]
    slow = re.sub(r"\nstep_s = .*", "\nstep_s = 1.0", text)
    values = {"cost_model": "calibrated", "engine": "own mine", "pp": 8}
    tpot = [
        send(client, [{"kind": "engine", "text": one}], {**ASKED, "values": values}).get_json()[
            "cards"
        ]["tpot"][2]
        for one in (text, slow, text)
    ]
    assert tpot[0] == tpot[2] and tpot[1] > tpot[0] + 0.9
    unknown = client.post(PICTURE, json={**ASKED, "values": values}).get_json()
    assert unknown["wrong"]["field"] == "engine"


@pytest.mark.parametrize("value", ["0", "1e-3", "1000", "1e308", "nan", "-1", '"x"', "[1.0]"])
def test_constants_with_anything_in_any_place_are_answered(client, value):
    lines, tried = templates()["engine"].splitlines(), 0
    values = {"cost_model": "calibrated", "engine": "own mine", "pp": 8}
    for n, line in enumerate(lines):
        key, equals, _ = line.partition(" = ")
        if not equals or key == "engine":
            continue
        text = "\n".join([*lines[:n], f"{key} = {value}", *lines[n + 1 :]])
        for path, body in ((PICTURE, {**ASKED, "values": values}), ("/catalog/tables", {})):
            answer = send(client, [{"kind": "engine", "text": text}], body, path)
            assert answer.status_code in (200, 422), answer.text
            tried += answer.status_code == 200
    assert tried or value in ("nan", "-1", '"x"', "[1.0]", "0", "1e308")


def test_a_page_lists_them_in_its_pickers(app, client):
    [body] = [
        {
            "output": "page.children",
            "outputs": {"id": "page", "property": "children"},
            "inputs": [{"id": "address", "property": "pathname", "value": "/"}],
            "state": [{"id": "address", "property": "search", "value": "?v=3&prefill=My GPU"}],
            "changedPropIds": ["address.pathname"],
        }
    ]
    update = "/_dash-update-component"
    told = send(client, [ITEM], body, update).text
    assert '"My GPU"' in told and "Ignored in this link" not in told
    plain = client.post(update, json=body).text
    assert "Ignored in this link" in plain


@pytest.mark.parametrize(
    ("carried", "said"),
    [
        ([{"kind": "gpu", "text": MY_GPU.replace("81559", "0")}], "memory_MiB = 0; use a number"),
        ([{"kind": "cpu", "text": MY_GPU}], "one of gpu, llm, link"),
        ([ITEM, ITEM], "is taken by 'My GPU'"),
        ([ITEM] * 33, "32 items at most"),
        ([{"kind": "gpu", "text": MY_GPU.replace("My GPU", "A,pin=b")}], "use 60 characters"),
        ([{"kind": "gpu", "text": MY_GPU.replace("My GPU", "<b>x")}], "use 60 characters"),
        ([{"kind": "gpu", "text": "#" * 20_000}], "16,384 characters at most"),
        ({"kind": "gpu"}, "list of objects"),
        (b"nonsense", "JSON list"),
    ],
)
def test_items_that_cannot_be_used_are_refused_with_the_reason(client, carried, said):
    answer = send(client, carried)
    assert answer.status_code == 422 and said in answer.text
    assert answer.mimetype == "text/plain" and answer.text.count("\n") == 1


@pytest.mark.parametrize("length", ["", "x", "-1", "0", "1e3", "²", "999999", "9" * 5000, "70000"])
def test_a_length_that_makes_no_sense_is_refused(client, length):
    answer = send(client, [ITEM], **{"X-Pdscope-Catalog": length.encode().decode("latin-1")})
    assert answer.status_code == 400


def test_both_parts_are_bounded(client):
    assert send(client, [ITEM], b" " * (MOST_BODY_BYTES + 1)).status_code == 413
    assert send(client, b" " * (session.MOST_BYTES + 1)).status_code in (400, 413)
    most = json.dumps([ITEM]).encode().ljust(session.MOST_BYTES)
    body = json.dumps(ASKED).encode().ljust(MOST_BODY_BYTES)
    assert send(client, most, body).status_code == 200


def test_guards_have_the_first_word(client):
    foreign = {"Origin": "http://evil.example"}
    assert send(client, b"nonsense", **foreign).status_code == 403


@pytest.mark.parametrize("raw", [raw for raw in RAW if raw], ids=lambda raw: repr(raw[:12]))
def test_items_that_are_hardly_json_are_answered(client, raw):
    assert send(client, raw[: session.MOST_BYTES]).status_code in ANSWERS


def test_items_with_anything_wrong_in_them_are_answered(client):
    for wrong in changed([ITEM], [*HOSTILE, nested(900)]):
        answer = send(client, wrong)
        assert answer.status_code in ANSWERS and "Traceback" not in answer.text


LINES = MY_GPU.strip().splitlines()
MODEL = gpu_catalog.toml_text(gpu_catalog.llm("DeepSeek-V3")).replace(
    'name = "DeepSeek-V3"', 'name = "My model"'
)
EXTREME = ("0", "1", "1e-12", "1e20", "-1", "nan", "inf", "100000000", "9" * 19, '""', "true", "[]",
           "{}", "2026-01-01", '"bf16"', "[1e20, 1e20]", "[0, 1e-12]")  # fmt: skip


def test_an_item_with_anything_in_any_place_is_answered(client):
    """Whether it is refused or simulated: no model of costs stumbles over what it lets through."""
    lines = [line for line in MODEL.split("[reference]")[0].split("\n") if line]
    aliases = range(lines.index("aliases = ["), lines.index("]") + 1)
    lines = [line for n, line in enumerate(lines) if n not in aliases]
    tried = 0
    for n, line in enumerate(lines):
        key, equals, _ = line.partition(" = ")
        for value in EXTREME if equals and key not in ("source", "notes", "name") else ():
            text = "\n".join([*lines[:n], f"{key} = {value}", *lines[n + 1 :]])
            for cost_model in ("physical", "reference", "calibrated"):
                values = {"llm": "My model", "pp": 8, "cost_model": cost_model}
                body = {**ASKED, "values": values}
                answer = send(client, [{"kind": "llm", "text": text}], body)
                assert answer.status_code in (200, 422), answer.text
                tried += answer.status_code == 200
                if answer.status_code == 422:
                    break
    assert tried > 20
