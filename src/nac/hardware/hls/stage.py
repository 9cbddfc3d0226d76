"""An hls4ml layer that is a stage: statements in C++, of all values of a sample at once."""

import math
from collections.abc import Sequence
from functools import cache
from numbers import Integral

from nac.hardware.circuit import Node
from nac.hardware.circuit.fixed import Fixed
from nac.hardware.hls.layers import HlsWriter
from nac.hardware.hls.own_layers import make_known_map

HEADER = "nac_stage.h"
LAYER = "NacStage"
CONFIG = """struct config{index} {{
    static const unsigned n_in = {n_in}, n_out = {n_out};
    template <class data_T, class res_T> static void compute(const data_T *data, res_T *res) {{
        #pragma HLS INLINE
{body}
    }}
}};\n"""
CALL = "nnet::stage<{input_t}, {output_t}, {config}>({input}, {output});"


def put(node: Node, layers: HlsWriter, lines: Sequence[str]) -> None:
    """Add the layer of a node: statements that set `res`, channels last, from `data`."""
    _register()
    body = "\n".join(f"        {line}" for line in lines)
    sizes = {"n_in": math.prod(layers.source(node).shape), "n_out": math.prod(node.shape)}
    layers.put(node, {"class_name": LAYER, **sizes, "body": body}, {"result": node.type.hls()})


def integer(type_: Fixed) -> str:
    """The type of integers of as many bits."""
    return f"ap_{'' if type_.signed else 'u'}int<{type_.width}>"


def loop(times: int, *lines: str) -> list[str]:
    """Statements for every i, side by side."""
    return [f"for (int i = 0; i < {times}; i++) {{", "  #pragma HLS UNROLL", *(f"  {line}" for line in lines), "}"]


@cache
def _register() -> None:
    """Make the layer known to hls4ml; once per process."""
    make_known_map(LAYER, {"n_in": Integral, "n_out": Integral, "body": str}, CONFIG, CALL, HEADER)
