"""How the modules that are run with `python -m` start."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ..errors import UserError


def start(main: Callable[[], None]) -> None:
    """Call `main`; bad input is one line on stderr and exit code 2."""
    try:
        main()
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
