"""Data sets of others in their published form: where they are, how large, under which licence, and how to cite them."""

from nac.public.fetched import Fetched, fetch, is_here
from nac.public.published import SETS, PublicSet

__all__ = ["SETS", "Fetched", "PublicSet", "fetch", "is_here"]
