"""Every format holds the same trace, in the same bytes every time."""

import gzip
import io
import json

import pandas as pd
import pytest
from pyarrow import parquet

from simcore import PdscopeError, Scenario, run
from simcore.exports import FORMATS, format_of, trace_bytes, write_trace

SCENARIO = Scenario(pp=5, decode_pp=3, prompt_tokens=2000, chunk_tokens=300, output_tokens=2)


@pytest.fixture(scope="module")
def result():
    return run(SCENARIO)


def test_csv_is_the_trace(result):
    data = trace_bytes(result, "csv")
    read = pd.read_csv(io.BytesIO(data), keep_default_na=False)
    pd.testing.assert_frame_equal(read, result.trace.astype({"kind": "str", "device": "str",
                                  "path": "str"}), check_exact=True)  # fmt: skip


def test_parquet_is_the_trace_and_says_what_it_is_of(result):
    data = trace_bytes(result, "parquet")
    read = pd.read_parquet(io.BytesIO(data))
    pd.testing.assert_frame_equal(read, result.trace, check_exact=True, check_categorical=False)
    about = json.loads(parquet.read_schema(io.BytesIO(data)).metadata[b"pdscope"])
    assert Scenario.from_dict(about["scenario"]) == SCENARIO
    assert about["ttft_s"] == result.metrics.ttft_s


def test_the_compressed_one_is_the_plain_one_compressed(result):
    plain, packed = trace_bytes(result, "perfetto"), trace_bytes(result, "perfetto-gzip")
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 5


@pytest.mark.parametrize("name", FORMATS)
def test_equal_scenarios_give_equal_bytes(result, name):
    run(Scenario(pp=3, prompt_tokens=1024))
    assert trace_bytes(run(SCENARIO), name) == trace_bytes(result, name)


def test_no_two_formats_share_a_name_or_an_ending():
    endings = [ending for entry in FORMATS.values() for ending in entry.endings]
    assert len(set(endings)) == len(endings)
    for name, entry in FORMATS.items():
        assert entry.name == name
        assert all(format_of(f"a{ending}") is entry for ending in entry.endings)
        assert format_of(f"A{entry.endings[0].upper()}") is entry


@pytest.mark.parametrize("path", ["x.png", "x", "", ".", "csv", "x.gz", "x.csv.gz", "a\nb"])
def test_another_ending_is_refused_in_one_line_that_names_those_there_are(result, tmp_path, path):
    with pytest.raises(PdscopeError) as caught:
        write_trace(result, tmp_path / "none" / path if path else path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert all(entry.endings[0] in message for entry in FORMATS.values())


def test_another_name_is_refused(result):
    with pytest.raises(PdscopeError, match="'xlsx'; use one of csv, parquet, perfetto"):
        trace_bytes(result, "xlsx")


def test_a_file_that_cannot_be_written_is_named(result, tmp_path):
    with pytest.raises(PdscopeError, match=r"none/x\.csv: cannot be written: No such file"):
        write_trace(result, tmp_path / "none" / "x.csv")
