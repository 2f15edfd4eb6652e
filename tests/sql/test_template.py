"""The database of views that new workspaces are copies of."""

import threading

import pytest
from candlesql.errors import UserError
from candlesql.sql import template
from candlesql.workspace.folder import Sky


def test_what_is_wrong_is_told_while_networks_are_made_beside(tmp_path, monkeypatch):
    """Their connection is busy then, and closed only afterwards."""
    began = threading.Event()

    def networks(connection, models):
        began.set()
        connection.execute("select sum(a.i * b.i) from range(20000) as a(i), range(20000) as b(i)")

    def fails(*_):
        began.wait(60)
        raise UserError("a view is wrong")

    monkeypatch.setattr(template, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(template.functions, "create_networks", networks)
    monkeypatch.setattr(template.views, "create_all", fails)
    with pytest.raises(UserError, match="a view is wrong"):
        template.template_of(Sky(tmp_path / "none"))
