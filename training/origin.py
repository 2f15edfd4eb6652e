"""What a model that is trained in a workspace says of its stars: simulated or real, and the systems of its inputs."""

from __future__ import annotations

import duckdb

from ..commands.steps.inputs import SYSTEMS
from ..workspace.query import first_row


def origin(connection: duckdb.DuckDBPyConnection, relation: str, inputs: list[str]) -> dict[str, object]:
    """Metadata `trained_on` and `input_systems` of a model of the rows of a relation with a column `survey`."""
    columns = {row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()}
    views = "select count(*) from duckdb_views() where schema_name = 'staging' and view_name = 'mock_truth'"
    mock = "survey" in columns and first_row(connection, views)[0]
    if mock:
        (mock,) = first_row(
            connection, f"select count(*) from {relation} semi join red_clump.truth using (survey, source_id)"
        )
    return {
        "trained_on": "simulated" if mock else "real",
        "input_systems": {name: SYSTEMS[name] for name in inputs if name in SYSTEMS},
    }
