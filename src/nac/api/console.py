"""Where progress is shown when nobody says otherwise."""

from rich.console import Console


def console(quiet: bool = False) -> Console:
    """Standard error, as plain text in notebooks too, where a live display would fill the page."""
    return Console(stderr=True, force_jupyter=False, quiet=quiet)
