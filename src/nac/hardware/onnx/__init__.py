"""QONNX and its relatives: what a design is exported to, read from, converted to and checked by."""
