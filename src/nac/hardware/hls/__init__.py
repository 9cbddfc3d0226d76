"""hls4ml: from a circuit to a project, and its C simulation."""
