"""Networks of others, as far as the operations here cover them."""

from nac.hardware.onnx.importing.network import import_graph

__all__ = ["import_graph"]
