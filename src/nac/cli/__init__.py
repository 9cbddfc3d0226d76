"""The command line: each verb is a few lines over one function of the library."""

from nac.cli.app import main

__all__ = ["main"]
