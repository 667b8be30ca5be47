"""Whatever is posted is answered: soon, without an error of the server, and to its sender alone.

Every route that takes a body and every callback is tried, also those added later: a route without
an example below fails.
"""

import copy
import json
import re
import time
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.catalog.templates import TEMPLATES
from app.server.security import MOST_BODY_BYTES
from app.shell import create_app

UPDATE = "/_dash-update-component"
SPAN = {"from": 2048, "to": 4096, "step": 2048}
GPUS = ["NVIDIA H100", "NVIDIA H200"]
SERVED = {
    "seq": 1, "scheme": "light",
    "values": {"requests": 20, "model": "LLaMA-3.1-8B", "rate": "4", "arrangement": "aggregated"},
}  # fmt: skip
LAB = {"seq": 1, "scheme": "light", "values": {"layers": 2, "tokens": 16, "ranks": "3"}}
# A body that each route answers with 200. Small ones: what is hostile is put into them.
EXAMPLES = {
    "/gantt6d/picture": {
        "seq": 1, "values": {"pp": 8, "prompt_tokens": 4096, "llm": "LLaMA-3.1-70B"},
        "window": [0.0, 0.1], "pixels": 900, "coarse": False, "scheme": "light",
    },
    "/gantt6d/facts": {"values": {"pp": 8}, "lane": 0, "window": [0.0, 0.1]},
    "/gantt6d/explain": {"values": {"pp": 8}},
    "/gantt6d/compare": {"seq": 1, "values": {"pp": 8}, "pins": [{"pp": 4}], "base": 0},
    "/gantt6d/open": {"text": "pp: 4"},
    "/gantt6d/file": {"values": {"pp": 8}, "file": "trace-csv", "window": None},
    "/fidelity/picture": {
        "seq": 1, "cost_model": "physical", "quantities": ["KV transfer"], "gpus": ["NVIDIA H800"],
        "models": [], "engines": [], "by": "gpu", "against": "context", "scheme": "light",
    },
    "/fidelity/csv": {
        "seq": 0, "cost_model": "physical", "quantities": ["KV transfer"], "gpus": [], "models": [],
        "engines": [], "by": "gpu", "against": "context", "scheme": "light",
    },
    "/fabric/picture": {"seq": 1, "values": {"pp": 8}},
    "/fabric/wire": {
        "seq": 1, "values": {"pp": 8}, "wire": "prefill NIC 0 cable", "from_s": 0.1, "to_s": 0.2,
    },
    "/fabric/faster": {"values": {"pp": 8}, "what": "wire"},
    "/serving/picture": {**SERVED, "coarse": False},
    "/serving/compare": SERVED,
    "/serving/point": {**SERVED, "point": 1, "number": 1},
    "/serving/bands": {"seq": 1, "rows": [[1.0, 2.0], [0.5]]},
    "/serving/full": {**SERVED, "requests": 20},
    "/serving/file": {**SERVED, "file": "requests-csv"},
    "/lab/picture": {**LAB, "coarse": False, "window": [0.0, 0.1], "pixels": 900},
    "/lab/cells": {**LAB, "first": 40},
    "/lab/file": {**LAB, "file": "csv"},
    "/mt-sweep/slice": {
        "scenario": {"pp": 8}, "carried": {},
        "axes": {"chunk_tokens": SPAN, "prompt_tokens": SPAN}, "first": 3,
    },
    "/ppt-sweep/slice": {
        "scenario": {"chunk_tokens": 512}, "carried": {},
        "axes": {"pp": {"from": 8, "to": 16, "step": 8}, "prompt_tokens": SPAN}, "first": 3,
    },
    "/gpu-matrix/slice": {
        "scenario": {"pp": 8}, "carried": {},
        "axes": {"decode_gpu": GPUS, "prefill_gpu": GPUS}, "first": 3,
    },
    "/pptp-sweep/slice": {
        "scenario": {"batch_size": 1}, "carried": {},
        "axes": {"pp": [1, 4], "tp": [4, 8]}, "first": 3,
    },
    "/pptp-sweep/decode/slice": {
        "scenario": {"batch_size": 1}, "carried": {},
        "axes": {"decode_pp": [1, 4], "decode_tp": [4, 8]}, "first": 3,
    },
    "/catalog/tables": {},
    "/catalog/item": {"kind": "gpu", "name": "NVIDIA H100"},
    "/catalog/check": {
        "kind": "gpu", "text": TEMPLATES["gpu"], "file": "mine.toml", "instead": None,
    },
    "/catalog/zip": {},
    "/catalog/roofline": {
        "values": {"pp": 8}, "gpus": GPUS, "formats": ["BF16"], "scheme": "light",
    },
}  # fmt: skip
LAB_RING = {"algorithm": "tensor-parallel", "against": "tensor-parallel", "ranks": 8}
LAB_PIPE = {
    "algorithm": "pipeline-parallel", "against": "tensor-pipeline", "ranks": 4, "tp": 2,
    "batch": 256, "micro_batches": 150, "layers": 32,
}  # fmt: skip
LAB_QUEUE = {
    "algorithm": "continuous-batching", "against": "continuous-batching", "ranks": 8,
    "requests": 1000, "output_tokens": 1, "layers": 10, "rate_per_s": 100_000, "max_batch": 4,
}  # fmt: skip
# What takes longest of what is allowed: 98,000 events, and no two runs the same.
LONG = [
    {"pp": 32, "prompt_tokens": 19_800 - n, "chunk_tokens": 32, "llm": "LLaMA-3.1-70B"}
    for n in range(9)
]
LONG_SPAN = {"from": 19_800, "to": 19_800, "step": 1}
DEMANDING = [
    ("/gantt6d/picture", {"values": LONG[0], "window": None, "seq": 2}),
    ("/gantt6d/facts", {"values": LONG[1], "window": [0.0, 1.0]}),
    ("/gantt6d/compare", {"seq": 1, "base": 0, "values": LONG[2], "pins": LONG[3:5]}),
    ("/gantt6d/explain", {"values": LONG[5]}),
    ("/gantt6d/open", {"text": "pp: 4\n" * 8_000}),
    ("/gantt6d/open", {"text": "a: &a [1]\n" + "b: [" + "*a, " * 12_000 + "*a]"}),
    ("/gantt6d/open", {"text": "[" * 60_000}),
    ("/gantt6d/open", {"text": "{" * 3_000 + "}" * 3_000}),
    ("/gantt6d/open", {"text": "1" * 60_000}),
    ("/gantt6d/file", {"values": LONG[0], "file": "trace-csv"}),
    ("/gantt6d/file", {"values": LONG[0], "file": "trace-parquet"}),
    ("/gantt6d/file", {"values": LONG[0], "file": "chart-html"}),
    ("/fabric/picture", {"values": LONG[6]}),
    ("/fabric/wire", {"values": LONG[7], "from_s": 0.0, "to_s": 1e308}),
    ("/fabric/faster", {"values": LONG[8]}),
    ("/serving/picture", {"values": {"requests": 2000, "rate": 900, "prompt": 131_072}}),
    (
        "/serving/picture",
        {"values": {"requests": 2000, "rate": 90, "replicas": 32, "decode_replicas": 32}},
    ),
    ("/serving/compare", {"values": {"requests": 2000, "output": 131_072}}),
    ("/serving/point", {"values": {"requests": 2000, "rate": 1000, "output": 8192}, "point": 7}),
    ("/serving/file", {"values": {"requests": 2000}, "file": "requests-parquet"}),
    ("/serving/file", {"values": {"requests": 2000}, "file": "page"}),
    # As many messages as a run may have, then one layer more, and as many layers.
    ("/lab/picture", {"values": LAB_RING | {"layers": 35}}),
    ("/lab/picture", {"values": LAB_RING | {"layers": 36}}),
    ("/lab/picture", {"values": {"ranks": 64, "layers": 8, "against": "voltage-direct"}}),
    ("/lab/picture", {"values": LAB_PIPE}),
    ("/lab/picture", {"values": LAB_QUEUE}),
    ("/lab/picture", {"values": LAB_QUEUE | {"ranks": 1, "max_batch": 1}}),
    ("/lab/cells", {"values": LAB_RING | {"layers": 34}, "first": 0}),
    ("/lab/file", {"values": LAB_RING | {"layers": 33}, "file": "perfetto-gzip"}),
    ("/fidelity/picture", {"cost_model": "calibrated", "quantities": [], "gpus": []}),
    ("/fidelity/csv", {"cost_model": "calibrated", "quantities": []}),
    (
        "/ppt-sweep/slice",
        {"scenario": {"chunk_tokens": 32}, "first": 0,
         "axes": {"pp": {"from": 32, "to": 32, "step": 1}, "prompt_tokens": LONG_SPAN}},
    ),
    (
        "/mt-sweep/slice",
        {"scenario": {"pp": 32}, "first": 0,
         "axes": {"chunk_tokens": {"from": 32, "to": 32, "step": 1}, "prompt_tokens": LONG_SPAN}},
    ),
    ("/gpu-matrix/slice", {"scenario": LONG[0], "first": 0}),
    ("/catalog/roofline", {"values": LONG[0]}),
    ("/catalog/check", {"text": "a = [" * 12_000, "kind": "any"}),
    ("/catalog/check", {"text": "a.b" + ".c" * 8_000 + " = 1"}),
    ("/catalog/check", {"text": "[[a]]\n" * 2_600, "kind": "any"}),
    ("/catalog/check", {"text": "[" * 60_000, "file": "config.json"}),
]  # fmt: skip
# Of CPU time, which others on the machine do not lengthen much.
SOON_S = 1.0
ANSWERS = {200, 204, 400, 404, 405, 413, 415, 422}


def nested(depth, kind=list):
    """A value in `depth` lists or dicts; not deeper than what JSON is written with."""
    value = 0
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


HOSTILE = [
    None, True, False, 0, -1, 0.5, 1e308, -1e308, 2**53, 2**64, 10**400, -(10**400),
    float("nan"), float("inf"), float("-inf"), "", " ", "0", "nan", "1e400", "-1e308", "1_0", "٣",
    "x" * 5_000, "9" * 5_000, "9" * 30, "\x00", "\ud800", "\u202e", "a\r\nSet-Cookie: b=c",
    "../../../etc/passwd", "/dev/zero", "file:///etc/passwd", "%s%n%x", "{0.__class__}", "${x}",
    "{{7*7}}", "<script>alert(1)</script>", "'; DROP TABLE x; --", "__class__", "__proto__",
    [], {}, [[]], [None], [{}], {"": ""}, {"a": [1]}, {"__proto__": {"a": 1}}, ["light"], [1, 2],
    {"from": 1}, {"id": "page", "property": "children"}, nested(200), nested(200, dict),
    list(range(3_000)), {f"key {i}": i for i in range(2_000)},
]  # fmt: skip
# What no `json.dumps` writes, each in place of a whole body.
RAW = [
    b"", b" ", b"\x00", b"\xff\xfe", b"nul", b"{", b'{"seq":', b"[" * 60_000, b'{"a":' * 10_000,
    b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 9_000 + b"1" + b"}" * 9_000,
    b"9" * 5_000, b"9" * 60_000, b"1e999999999", b"-", b'"' + b"\\" * 1_001, b"NaN", b"-Infinity",
    b'{"seq": 1, "seq": 2}', b'"\xed\xa0\x80"', "{}".encode("utf-16"), "{}".encode("utf-8-sig"),
    b'{"seq": ' + b"9" * 4_000 + b"}", b"{" + b",".join(b'"%d":0' % i for i in range(7_000)) + b"}",
]  # fmt: skip


@pytest.fixture(scope="module")
def app():
    return create_app()


@pytest.fixture(scope="module")
def client(app):
    client = app.server.test_client()
    for path, body in EXAMPLES.items():  # What is imported and read once is not the sender's.
        client.post(path, json=body)
    return client


def post(client, path, data):
    """The answer to a body, which is given as bytes or to be written as JSON, within a second."""
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    begun = time.process_time()
    answer = client.post(path, data=data, content_type="application/json")
    assert time.process_time() - begun < SOON_S
    assert answer.status_code in ANSWERS, answer.text
    assert b"Traceback" not in answer.data
    if answer.status_code == 200 and answer.is_json:
        json.loads(answer.text, parse_constant=pytest.fail)
    return answer


def changed(value, hostile):
    """Copies of a JSON value, each with something wrong at one place of it."""
    yield from hostile
    if isinstance(value, dict):
        yield {**value, "more": 1}
        for key, part in value.items():
            yield {name: copy.copy(other) for name, other in value.items() if name != key}
            for worse in changed(part, hostile):
                yield {**value, key: worse}
    elif isinstance(value, list):
        yield [*value, *value]
        for i, part in enumerate(value):
            yield value[:i] + value[i + 1 :]
            for worse in changed(part, hostile):
                yield [*value[:i], worse, *value[i + 1 :]]


def post_routes(app):
    return {rule.rule for rule in app.server.url_map.iter_rules() if "POST" in rule.methods}


def callback_bodies(app):
    """What the browser posts for each callback, by output; those of the browser alone, too."""

    def named(output):
        return {"id": output.component_id, "property": output.component_property}

    bodies = {}
    for output, callback in app.callback_map.items():
        declared = callback["output"]
        several = isinstance(declared, list | tuple)
        inputs = [{**part, "value": "/"} for part in callback["inputs"]]
        bodies[output] = {
            "output": output,
            "outputs": [named(one) for one in declared] if several else named(declared),
            "inputs": inputs,
            "state": [{**part, "value": ""} for part in callback["state"]],
            "changedPropIds": [f"{part['id']}.{part['property']}" for part in inputs[:1]],
        }
    return bodies


def test_every_route_that_takes_a_body_has_an_example_that_it_answers(app, client):
    assert post_routes(app) == {*EXAMPLES, UPDATE}
    for path, body in EXAMPLES.items():
        answer = post(client, path, body)
        assert answer.status_code == 200
        assert not answer.is_json or not {"wrong", "error"} & set(answer.get_json())


@pytest.mark.parametrize("path, changes", DEMANDING, ids=lambda part: str(part)[:40])
def test_what_takes_longest_is_answered_as_soon(client, path, changes, no_garbage_of_others):
    # A refusal is an answer: a run that takes too long by the clock is not awaited.
    assert post(client, path, EXAMPLES[path] | changes).status_code == 200


@pytest.mark.parametrize("path", EXAMPLES)
def test_a_body_with_anything_wrong_in_it_is_answered(client, path):
    for body in changed(EXAMPLES[path], HOSTILE):
        post(client, path, body)


@pytest.mark.parametrize("path", [*EXAMPLES, UPDATE])
@pytest.mark.parametrize("raw", RAW, ids=lambda raw: repr(raw[:12]))
def test_what_is_hardly_json_is_answered(client, path, raw):
    assert len(raw) <= MOST_BODY_BYTES
    post(client, path, raw)


def test_every_callback_answers_to_what_the_browser_posts_and_no_other_is_called(app, client):
    for output, body in callback_bodies(app).items():
        serves = "callback" in app.callback_map[output]
        assert post(client, UPDATE, body).status_code == (200 if serves else 400), output


def test_every_callback_with_anything_wrong_in_its_body_is_answered(app, client):
    few = HOSTILE[::4]
    for output, body in callback_bodies(app).items():
        serves = "callback" in app.callback_map[output]
        for wrong in changed(body, HOSTILE) if serves else few:
            post(client, UPDATE, wrong)


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(HOSTILE),
)  # fmt: skip
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("path", EXAMPLES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_random_body_in_the_shape_of_a_good_one_is_answered(client, path, data):
    good = EXAMPLES[path]
    body = {key: data.draw(st.just(value) | trees) for key, value in good.items()}
    for key, value in good.items():
        if isinstance(value, dict) and data.draw(st.booleans()):
            names = st.sampled_from([*value, "chunk_tokens", "decode_pp", "output_tokens", "a"])
            body[key] = {**value, data.draw(names): data.draw(trees)}
    post(client, path, body)


def test_users_who_take_turns_get_what_they_asked_for(app):
    """Answers hold the asker's number and scenario, whatever others posted meanwhile."""
    users = [app.server.test_client() for _ in range(4)]
    asked = EXAMPLES["/gantt6d/picture"]
    alone = {}
    for turn in range(12):
        for number, user in enumerate(users):
            values = {"pp": 2 + (number + turn) % 8, "chunk_tokens": 128 * (1 + number)}
            seq = 1_000 * number + turn
            body = {**asked, "values": values, "window": None, "seq": seq}
            post(user, "/gantt6d/picture", HOSTILE[(turn * 4 + number) % len(HOSTILE)])
            answer = post(user, "/gantt6d/picture", body).get_json()
            assert answer.pop("seq") == seq
            assert f"PP {values['pp']}" in answer["title"]
            assert f"M {values['chunk_tokens']}" in answer["title"]
            # The same from anybody, at any time.
            key = json.dumps(values)
            assert alone.setdefault(key, answer) == answer


def test_what_one_posts_another_never_sees(app):
    mine, other = app.server.test_client(), app.server.test_client()
    for path, good in EXAMPLES.items():
        for body in changed(good, ["my secret 4711"]):
            post(mine, path, body)
        assert b"my secret 4711" not in post(other, path, good).data


@pytest.mark.parametrize("text", [text for text in HOSTILE if isinstance(text, str)], ids=repr)
def test_every_address_with_anything_in_it_is_answered(app, client, text):
    """Parts of paths, and what is behind the "?"."""
    part = quote(text.encode("utf-8", "surrogatepass")[:2_000], safe="")
    for rule in app.server.url_map.iter_rules():
        if "GET" not in rule.methods:
            continue
        path = re.sub(r"<[^>]*>", part or "x", rule.rule)
        begun = time.process_time()
        answer = client.get(f"{path}?v={part}&pp={part}&{part}={part}&pin=pp:{part}")
        assert time.process_time() - begun < SOON_S
        assert answer.status_code in ANSWERS, (path, answer.text)
