"""The kinds of network that a search-space file can describe, one file each."""

from nac.space.kinds.contract import KINDS, SpaceFile

__all__ = ["KINDS", "SpaceFile"]
