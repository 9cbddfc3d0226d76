"""Simulations that stand in for data, or join it, each in a file."""
