"""Traces recorded by others, where they are at hand."""

import pandas as pd
import pytest

from tests.serving.workload.answering import requests_of


@pytest.fixture(scope="module")
def data(repository):
    folder = repository.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the recorded traces are not at {folder}")
    return folder


@pytest.mark.parametrize("name", ["trace_azure_code_2023.csv", "trace_mooncake_conversation.csv"])
def test_every_row_is_asked_as_it_was_recorded(data, name):
    table = pd.read_csv(data / name)
    requests = requests_of(folder=data, trace={"file": name})
    assert [r.arrival_s for r in requests] == table.arrival_s.tolist()
    assert [r.prompt_tokens for r in requests] == table.input_tokens.tolist()
    assert [r.output_tokens for r in requests] == table.output_tokens.tolist()
    for request in requests:
        assert sum(tokens for _, tokens in request.pieces) in (0, request.prompt_tokens)


def test_blocks_that_were_seen_before_are_those_of_the_recorded_hashes(data):
    """Of a cache that keeps everything: the blocks in a row, from the first, that it has."""
    name = "trace_mooncake_conversation.csv"
    seen, expected = set(), []
    for text in pd.read_csv(data / name).hash_id_ranges:
        runs = [part.split("-") for part in text.split()]
        blocks = [i for run in runs for i in range(int(run[0]), int(run[-1]) + 1)]
        expected.append(next((n for n, b in enumerate(blocks) if b not in seen), len(blocks)))
        seen.update(blocks)
    known, found = set(), []
    for request in requests_of(folder=data, trace={"file": name}):
        pieces = request.pieces
        found.append(next((n for n, p in enumerate(pieces) if p[0] not in known), len(pieces)))
        known.update(identity for identity, _ in pieces)
    assert found == expected and sum(found) > 50_000
