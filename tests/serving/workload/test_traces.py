"""Traces are read as published, row by row, and what is wrong with one is said."""

import json
import tracemalloc
from itertools import islice

import pytest

from simcore.errors import ScenarioError
from simcore.serving.request import traced_identity
from simcore.serving.workload import TraceError, workload_of
from simcore.serving.workload.traces import FORMATS, rows_of
from tests.serving.workload.answering import answered, requests_of

# The first rows of each, as published.
AZURE = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2023-11-16 18:17:03.9799600,4808,10
2023-11-16 18:17:04.0319600,3180,8
2023-11-16 18:17:04.0781490,110,27
"""
AZURE_2024 = """\
TIMESTAMP,ContextTokens,GeneratedTokens
2024-05-10 00:00:00.009930+00:00,2162,5
2024-05-10 00:01:00.509930+00:00,2399,6
"""
MOONCAKE = """\
{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47, 48, 49, 50, \
51, 52, 53, 54, 55, 56, 57, 2353, 2354]}
{"timestamp": 30535, "input_length": 6472, "output_length": 26, "hash_ids": [46, 47, 48, 49, 50, \
51, 52, 53, 54, 55, 56, 57, 2366]}
"""
CSV = """\
arrival_s,input_tokens,output_tokens,hash_id_ranges,priority
0.0,1100,500,0 14-15,2
0.25,7,490,,
"""
JSONL = """\
{"arrival_s": 0, "prompt_tokens": 1100, "output_tokens": 500, "hash_ids": [0, 14, 15]}

{"output_tokens": 490, "arrival_s": 0.25, "prompt_tokens": 7, "priority": 3}
"""


def read(text, kind="auto"):
    return list(rows_of(text.splitlines(keepends=True), "t", kind))


def saved(tmp_path, text, name="t"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def replayed(tmp_path, text, **trace):
    return requests_of(folder=saved(tmp_path, text), trace={"file": "t", **trace})


def test_azure(tmp_path):
    requests = replayed(tmp_path, AZURE)
    found = [(r.prompt_tokens, r.output_tokens) for r in requests]
    assert found == [(4808, 10), (3180, 8), (110, 27)]
    assert [r.arrival_s for r in requests] == pytest.approx([0.0, 0.052, 0.098189])
    assert {r.pieces for r in requests} == {()}


def test_azure_with_time_zones():
    assert [row.arrival_s for row in read(AZURE_2024)] == [0.0, 60.5]


def test_mooncake_with_blocks_that_prompts_share(tmp_path):
    first, second = replayed(tmp_path, MOONCAKE)
    assert (first.arrival_s, first.prompt_tokens, first.output_tokens) == (27.482, 6955, 52)
    assert sum(tokens for _, tokens in first.pieces) == 6955
    assert [tokens for _, tokens in first.pieces] == [512] * 13 + [6955 - 13 * 512]
    assert first.pieces[0] == (traced_identity(46), 512)
    assert first.pieces[:12] == second.pieces[:12] and first.pieces[12] != second.pieces[12]


@pytest.mark.parametrize("text", [CSV, JSONL], ids=["csv", "jsonl"])
def test_plain_rows(tmp_path, text):
    first, second = replayed(tmp_path, text)
    blocks = tuple(traced_identity(i) for i in (0, 14, 15))
    assert first.pieces == tuple(zip(blocks, (512, 512, 76), strict=True))
    assert (second.arrival_s, second.prompt_tokens, second.output_tokens) == (0.25, 7, 490)
    assert second.pieces == ()
    assert (first.priority, second.priority) == ((2, 0) if text == CSV else (0, 3))


@pytest.mark.parametrize(
    ("text", "kind"),
    [(AZURE, "azure"), (AZURE_2024, "azure"), (MOONCAKE, "mooncake"), (CSV, "csv"),
     (JSONL, "jsonl")],
)  # fmt: skip
def test_one_format_fits_and_naming_it_makes_no_difference(text, kind):
    first = text.partition("\n")[0]
    assert [name for name in FORMATS.names() if FORMATS[name].fits(first)] == [kind]
    assert read(text) == read(text, kind)


def test_marks_line_ends_and_spaces_of_other_systems(tmp_path):
    (tmp_path / "t").write_bytes(b"\xef\xbb\xbf\r\n" + AZURE.replace("\n", "\r\n").encode())
    assert len(requests_of(folder=tmp_path, trace={"file": "t"})) == 3
    spaced = read("arrival_s, prompt_tokens, output_tokens\n1.5, 10, 5.0\n")
    assert [(row.prompt_tokens, row.output_tokens) for row in spaced] == [(10, 5)]


def test_a_prompt_goes_on_after_the_blocks_that_a_row_gives(tmp_path):
    text = "arrival_s,prompt_tokens,output_tokens,hash_ids\n0,2000,1,5 6\n"
    [request] = replayed(tmp_path, text, block_tokens=256)
    assert request.pieces[:2] == ((traced_identity(5), 256), (traced_identity(6), 256))
    assert request.pieces[2][1] == 2000 - 512


def test_a_trace_is_replayed_faster_and_by_other_laws(tmp_path):
    folder = saved(tmp_path, MOONCAKE)
    trace = {"file": "t", "speed": 2.0}
    faster = requests_of(folder=folder, trace=trace)
    assert [r.arrival_s for r in faster] == [27.482 / 2, 30.535 / 2]
    law = {"law": "constant", "rate_per_s": 4.0}
    other = requests_of(folder=folder, trace=trace, arrivals=law)
    assert [r.arrival_s for r in other] == [0.25, 0.5]
    assert [r.pieces for r in other] == [r.pieces for r in faster]
    short = requests_of(folder=folder, trace=trace, prompt=10, output=20)
    assert [(r.prompt_tokens, r.output_tokens, r.pieces) for r in short] == [(10, 20, ())] * 2


def test_users_in_a_closed_loop_work_a_trace_off(tmp_path):
    folder = saved(tmp_path, AZURE)
    law = {"law": "closed-loop", "concurrency": 1}
    workload = workload_of({"trace": {"file": "t"}, "arrivals": law, "requests": 100})
    pairs = answered(workload.source(0, folder))
    assert [r.arrival_s for r, _ in pairs] == [0.0, 1.0, 2.0]
    assert [r.prompt_tokens for r, _ in pairs] == [4808, 3180, 110]


def test_blocks_of_two_traces_are_not_taken_for_each_other(tmp_path):
    saved(tmp_path, MOONCAKE, "a")
    saved(tmp_path, MOONCAKE, "b")
    clients = [{"name": str(i), "trace": {"file": f}} for i, f in enumerate("aab")]
    requests = requests_of(folder=tmp_path, clients=clients)
    one, same, other = (
        {p for r in requests if r.client == client for p in r.pieces} for client in range(3)
    )
    assert one == same and not one & other


HEADER = "arrival_s,prompt_tokens,output_tokens\n"
MALFORMED = {
    "no row": ("", 1, None, "there is no row"),
    "blank": ("\n \n", 1, None, "there is no row"),
    "no format": ("a,b\n1,2\n", 1, None, "name the columns arrival_s, prompt_tokens"),
    "negative prompt": (f"{HEADER}0,5,1\n1,-5,1\n", 3, "prompt_tokens", "= -5 is negative"),
    "negative answer": (f"{HEADER}0,5,-1\n", 2, "output_tokens", "= -1 is negative"),
    "not whole": (f"{HEADER}0,5,1.5\n", 2, "output_tokens", "'1.5' is not a whole number"),
    "a word": (f"{HEADER}0,five,1\n", 2, "prompt_tokens", "'five' is not a whole number"),
    "huge": (f"{HEADER}0,5,{10**30}\n", 2, "output_tokens", "is more than 10,000,000"),
    "endless": (f"{HEADER}0,inf,1\n", 2, "prompt_tokens", "'inf' is not a whole number"),
    "negative time": (f"{HEADER}-1,5,1\n", 2, "arrival_s", "'-1' is negative"),
    "no time": (f"{HEADER}nan,5,1\n", 2, "arrival_s", "'nan' is no time"),
    "never": (f"{HEADER}inf,5,1\n", 2, "arrival_s", "'inf' is no time"),
    "back in time": (
        f"{HEADER}0,5,1\n2,5,1\n1.5,5,1\n", 4, None, "arrives at 1.5 s, before .* at 2 s; sort",
    ),
    "too few values": (f"{HEADER}0,5\n", 2, None, "has 2 values where the header has 3 names"),
    "too many values": (f"{HEADER}0,5,1,7\n", 2, None, "has 4 values"),
    "open quotes": (f'{HEADER}0,5,1\n"0,5,1\n', 3, None, "has 1 values"),
    "no prompt": (f"{HEADER}0,0,1\n", 2, None, "the prompt has no token; .* set empty: skip"),
    "no answer": (f"{HEADER}0,1,0\n", 2, None, "the answer has no token; .* set empty: skip"),
    "missing column": ("arrival_s,output_tokens\n0,1\n", 1, "prompt_tokens", "is missing"),
    "no ranges": (
        f"{HEADER[:-1]},hash_id_ranges\n0,5,1,7-3\n", 2, "hash_id_ranges", "lower number first",
    ),
    "endless range": (
        f"{HEADER[:-1]},hash_id_ranges\n0,5,1,0-{10**12}\n", 2, "hash_id_ranges", "no run of up to",
    ),
    "blocks beyond": (
        f"{HEADER[:-1]},hash_ids\n0,512,1,1 2\n", 2, None, "2 blocks of 512 tokens are more than",
    ),
    "azure moment": (AZURE.replace("2023-11-16 18:17:04.03", "soon"), 3, "TIMESTAMP", "no moment"),
    "azure zones": (
        AZURE.replace("04.0319600", "04.0319600+00:00"), 3, "TIMESTAMP", "has a time zone and the",
    ),
    "azure back": (AZURE.replace("18:17:04.03", "18:17:01.03"), 3, None, "before the row above"),
    "no JSON": (JSONL + "{", 4, None, "is no JSON object"),
    "a list": (JSONL + "[1]", 4, None, "is no JSON object"),
    "deep": (JSONL + "[" * 100_000, 4, None, "is no JSON object"),
    "a text for a number": (
        MOONCAKE.replace("6472", "true"), 2, "input_length", "True is not a whole number",
    ),
    "missing key": (
        MOONCAKE.replace("input_length", "x", 2).replace('"x"', '"input_length"', 1), 2,
        "input_length", "is missing; complete or remove",
    ),
    "a negative block": (MOONCAKE.replace("[46", "[-46"), 1, "hash_ids", "= -46 is negative"),
    "nothing for blocks": (JSONL.replace("[0, 14, 15]", "7"), 1, "hash_ids", "must be a list"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_wrong_with_a_row_is_said(tmp_path, case):
    text, line, column, says = MALFORMED[case]
    with pytest.raises(TraceError, match=says) as caught:
        replayed(tmp_path, text)
    assert caught.value.line == line and caught.value.column == column
    assert str(caught.value).startswith(f"t, line {line}: ")
    assert isinstance(caught.value, ScenarioError) and caught.value.field == "trace"


def test_what_comes_before_a_malformed_row_is_asked(tmp_path):
    folder = saved(tmp_path, f"{HEADER}0,5,1\n1,5,1\n1,5,x\n")
    source = iter(workload_of({"trace": {"file": "t"}}).source(0, folder))
    assert [request.arrival_s for request in islice(source, 2)] == [0.0, 1.0]
    with pytest.raises(TraceError, match="line 4"):
        next(source)


def test_rows_without_tokens_are_passed_over_where_that_is_asked_for(tmp_path):
    text = f"{HEADER}0,5,0\n1,0,5\n2,5,5\n"
    assert [r.arrival_s for r in replayed(tmp_path, text, empty="skip")] == [2.0]


@pytest.mark.parametrize(
    ("name", "says"),
    [("absent.csv", "absent.csv cannot be read: No such file"), (".", "no regular|directory"),
     ("\0", "no file has the name")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, says):
    with pytest.raises(ScenarioError, match=says):
        requests_of(folder=tmp_path, trace={"file": name})


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "t").write_bytes(HEADER.encode() + b"0,5,1\n\xff\xfe,5,1\n")
    with pytest.raises(TraceError, match="UTF-8"):
        requests_of(folder=tmp_path, trace={"file": "t"})


def test_no_file_is_read_without_a_folder(tmp_path):
    path = saved(tmp_path, AZURE) / "t"
    with pytest.raises(ScenarioError, match="cannot be read here"):
        requests_of(trace={"file": str(path)})


def test_a_million_rows_are_read_in_little_memory(tmp_path):
    """What is kept of rows, or read ahead of them, shows in the first ones already."""
    with (tmp_path / "t").open("w") as file:
        file.write(HEADER)
        file.writelines(f"{i / 100},{i % 5000 + 1},{i % 300 + 1}\n" for i in range(1_000_000))
    workload = workload_of({"trace": {"file": "t"}})
    list(islice(workload.source(0, tmp_path), 10))  # imports what it needs
    source = workload.source(0, tmp_path)
    requests = iter(source)
    tracemalloc.start()
    for request in islice(requests, 20_000):
        assert source.after(request, request.arrival_s + 1.0) == ()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    tokens = sum(request.prompt_tokens for request in requests)
    assert tokens == sum(i % 5000 + 1 for i in range(20_000, 1_000_000))


def test_long_lines_of_blocks_are_read(tmp_path):
    row = {
        "timestamp": 0,
        "input_length": 5_120_000,
        "output_length": 1,
        "hash_ids": [*range(10_000)],
    }
    [request] = replayed(tmp_path, json.dumps(row))
    assert len(request.pieces) == 10_000
