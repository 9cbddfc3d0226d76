"""`python -m nac.cli` is the command `nac`."""

from nac.cli.app import main

main()
