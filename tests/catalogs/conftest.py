"""What tests of readers share."""

import duckdb
import pytest


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as made:
        yield made
