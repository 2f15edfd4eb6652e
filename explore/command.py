"""`candlesql explore`: the page over a workspace, in a browser or in a notebook."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

WIDTH, HEIGHT = "100%", 900


class Explorer:
    """A page that is being served; a notebook shows it where it stands last in a cell.

    Attributes
    ----------
    url : str
        Its address on this machine, with the secret that it asks for.
    """

    def __init__(self, path: str | Path, port: int = 0):
        from .server import Server
        from .session import Session

        self._session = Session(path)
        try:
            self._server = Server(self._session, port)
        except BaseException:
            self._session.close()
            raise
        self.url = self._server.url
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop serving, and let go of the workspace."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._session.close()

    def __enter__(self) -> Explorer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _repr_html_(self) -> str:
        return f'<iframe src="{self.url}" width="{WIDTH}" height="{HEIGHT}" style="border: 0"></iframe>'


def explore(sky: str | Path, port: int = 0) -> Explorer:
    """Serve an interactive page over a workspace's red clump catalogue, on this machine alone.

    Parameters
    ----------
    sky
        The workspace folder.
    port
        Where to listen; a free one if 0.

    Returns
    -------
    Explorer
        In Jupyter and marimo the page itself; elsewhere open its `url`. `close()` ends it.

    Raises
    ------
    UserError
        If there is no workspace or no catalogue in it, or the port is taken.
    """
    return Explorer(sky, port)


def serve(path: Path, port: int, browser: bool) -> Iterator[str]:
    """`candlesql explore`: serve until Ctrl-C; a line when it begins, and one when it ends."""
    with Explorer(path, port) as page:
        yield f"{page.url}  (Ctrl-C ends it)"
        if browser:
            webbrowser.open(page.url)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            yield "ended"
