"""The problems of the shipped contracts, for this project's own tests."""

from nac.testing.problems import Problem, blobs, line

__all__ = ["Problem", "blobs", "line"]
