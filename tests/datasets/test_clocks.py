"""Times of day and moments are numbers of days; a column that is half a date is none."""

import polars as pl
import pytest

from nextlabel.datasets.tables.dates import read_dates


def test_a_time_of_day_is_a_part_of_a_day():
    found = read_dates(pl.Series(["06:00", "18:00", None]))
    assert found.days.to_list() == pytest.approx([0.25, 0.75, None])
    assert found.form == "a time of day"


def test_a_moment_counts_days_since_1970():
    assert read_dates(pl.Series(["1970-01-02 12:00:00", "1970-01-01 00:00:00"])).days.to_list() == [1.5, 0.0]


@pytest.mark.parametrize("cells", [["2024-01-01", "soon"], ["25:00", "26:00"], ["1.5", "2.5"]])
def test_what_is_no_date_is_left_alone(cells):
    assert read_dates(pl.Series(cells)) is None
