"""An hls4ml layer for products of activations that arrive as streams; hls4ml's own Einsum takes arrays only."""

from functools import cache
from typing import Any

from nac.hardware.hls.own_layers import make_known

HEADER = "nac_stream_product.h"
LAYER = "NacStreamProduct"
CONFIG = """struct config{index} {{
    static const unsigned m = {m}, k = {k}, n = {n};
    static const bool transpose_a = {transpose_a}, transpose_b = {transpose_b};
    static const unsigned reuse_factor = {reuse};
    typedef {accum_t.name} accum_t;
}};\n"""
CALL = "nnet::stream_product<{a_t}, {b_t}, {output_t}, {config}>({a}, {b}, {output});"


@cache
def register() -> None:
    """Make the layer known to hls4ml; once per process."""
    from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
    from hls4ml.model.attributes import Attribute, TypeAttribute
    from hls4ml.model.layers import Layer

    class NacStreamProduct(Layer):  # type: ignore[misc]
        _expected_attributes = (
            *(Attribute(name) for name in ("m", "k", "n")),
            *(Attribute(name, value_type=bool) for name in ("transpose_a", "transpose_b")),
            TypeAttribute("accum"),
        )

        def initialize(self) -> None:
            self.add_output_variable([self.get_attr("n"), self.get_attr("m")])

    class ConfigTemplate(LayerConfigTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(NacStreamProduct)
            self.template = CONFIG

        def format(self, node: Any) -> str:
            values = self._default_config_params(node)
            flags = {name: str(node.get_attr(name)).lower() for name in ("transpose_a", "transpose_b")}
            return str(self.template.format(**{**values, **flags}))

    class CallTemplate(FunctionCallTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(NacStreamProduct, include_header=[f"nnet_utils/{HEADER}"])
            self.template = CALL

        def format(self, node: Any) -> str:
            a, b, out = (*(node.get_input_variable(name) for name in node.inputs), node.get_output_variable())
            types = {"a_t": a.type.name, "b_t": b.type.name, "output_t": out.type.name}
            config = f"config{node.index}"
            return str(self.template.format(**types, config=config, a=a.name, b=b.name, output=out.name))

    make_known(LAYER, NacStreamProduct, (ConfigTemplate, CallTemplate), HEADER)
