"""An hls4ml layer that is the input stage: the programs of its channels, printed as C++."""

from functools import cache
from numbers import Integral

from nac.hardware.hls.own_layers import make_known_map

HEADER = "nac_stage.h"
LAYER = "NacStage"
CONFIG = """struct config{index} {{
    static const unsigned n_in = {n_in};
    template <class data_T, class res_T> static void compute(const data_T *data, res_T *res) {{
        #pragma HLS INLINE
{body}
    }}
}};\n"""
CALL = "nnet::stage<{input_t}, {output_t}, {config}>({input}, {output});"


@cache
def register() -> None:
    """Make the layer known to hls4ml; once per process."""
    make_known_map(LAYER, {"n_in": Integral, "body": str}, CONFIG, CALL, HEADER)
