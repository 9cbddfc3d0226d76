"""An example of what a package of one's own adds to nac, by entry points alone (pyproject.toml)."""
