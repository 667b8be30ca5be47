"""Tables: recognised by their columns, refused where they cannot be read or their unit is wrong."""

import numpy as np
import pandas as pd
import pytest

from simcore.calibration.tables import (
    SHAPES,
    STEPS,
    numbers_of,
    read_table,
    refuse_wrong_units,
    shape_of,
)
from simcore.errors import PdscopeError


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_kind_is_recognised_by_its_columns_among_others(shape):
    rows = pd.DataFrame(columns=["more", *shape.needed, shape.measured])
    assert shape_of(rows, "here") is shape


def test_what_is_no_known_kind_is_told_what_the_nearest_lacks():
    rows = pd.DataFrame(columns=["gpu", "model", "tp", "phase", "batch", "context"])
    with pytest.raises(PdscopeError, match=r"mine\.csv: no known kind.*steps, but.*new_tokens"):
        shape_of(rows, "mine.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no CSV with a header"),
        ("a,b\n", "no rows below the header"),
        ('a,b\n"1,2\n3,4', "no CSV with a header"),
    ],
)
def test_files_that_are_no_tables_are_named(tmp_path, text, message):
    path = tmp_path / "mine.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PdscopeError, match=rf"mine\.csv.*{message}"):
        read_table(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PdscopeError, match=r"none\.csv: cannot be read"):
        read_table(tmp_path / "none.csv")


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(b"\xff\xfe\x00\x01\n\x80")
    with pytest.raises(PdscopeError, match=r"mine\.csv"):
        shape_of(read_table(path), str(path))


def test_what_is_no_number_is_told_by_row():
    rows = pd.DataFrame(
        {"tp": [1, "x", -1], "batch": [1, 1, 1], "new_tokens": [1, 1, 1], "context": [0, 0, 0]}
    )
    _, wrong = numbers_of(rows, STEPS)
    assert wrong.tolist() == ["", "tp is no number from 1 up", "tp is no number from 1 up"]


@pytest.mark.parametrize(
    ("factor", "good"), [(1.0, True), (3.0, True), (1e3, False), (1e-3, False)]
)
def test_times_a_thousand_times_off_are_refused(factor, good):
    rows = pd.DataFrame({"time_ms": np.array([10.0, 20.0, 30.0]) * factor})
    predicted = np.array([0.011, 0.018, np.nan])
    if good:
        refuse_wrong_units(rows, STEPS, predicted, "mine.csv")
        return
    with pytest.raises(PdscopeError, match=r"mine\.csv: column time_ms: .* milliseconds"):
        refuse_wrong_units(rows, STEPS, predicted, "mine.csv")
