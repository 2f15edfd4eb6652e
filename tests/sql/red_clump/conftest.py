"""Views of `sql/red_clump` over small tables made by hand."""

import pytest


@pytest.fixture
def connection(database):
    return database
