"""Where progress is shown when nobody says otherwise."""

import sys

from rich.console import Console


def console(quiet: bool = False) -> Console:
    """Standard error, as plain text in notebooks too, where a live display would fill the page.

    Kernels ask for colours (FORCE_COLOR), which would make a terminal of their output.
    """
    return Console(stderr=True, force_jupyter=False, force_terminal=sys.stderr.isatty(), quiet=quiet)
