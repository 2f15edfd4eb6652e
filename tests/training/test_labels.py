"""`train --labels` takes a table, and no other SQL."""

import pytest
from candlesql.errors import UserError
from candlesql.training.labels import relation_of


@pytest.mark.parametrize(
    ("labels", "relation"),
    [
        ("mine.labels", "mine.labels"),
        ('mine."odd name"', 'mine."odd name"'),
        ("mine.labels -- where they are", "mine.labels"),
        ("(select * from red_clump.training limit 100)", "(SELECT * FROM red_clump.training LIMIT 100)"),
        ("read_parquet('it''s.parquet')", "read_parquet('it''s.parquet')"),
    ],
)
def test_a_table_is_written_as_sql_reads_it(labels, relation):
    assert relation_of(labels) == relation


@pytest.mark.parametrize(
    "labels",
    [
        "mine.labels; drop table candlesql.runs",
        "mine.labels) to '/tmp/out.csv' --",
        "mine.labels where true",
        "mine.labels, other",
        "mine.labels union all from other",
        "(with gone as (delete from candlesql.runs returning *) from gone)",
        "(with gone as (insert into candlesql.cuts values ('a', '1') returning *) from gone)",
        "",
        "(",
    ],
)
def test_what_is_more_than_a_table_is_refused(labels):
    with pytest.raises(UserError, match="name one table or view"):
        relation_of(labels)
