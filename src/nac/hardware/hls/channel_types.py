"""An hls4ml layer that gives every channel a type of its own; hls4ml's own layers have one for all of their values."""

from collections.abc import Sequence
from functools import cache
from numbers import Integral

from nac.hardware.circuit.fixed import Fixed
from nac.hardware.hls.own_layers import make_known_map

HEADER = "nac_channel_types.h"
LAYER = "NacChannelTypes"
CONFIG = """struct config{index} {{
    static const unsigned n_in = {n_in}, n_channels = {n_channels};
    template <class res_T, class data_T> static res_T convert(unsigned channel, data_T x) {{
        #pragma HLS INLINE
        switch (channel) {{
{cases}
        default:
            return 0;
        }}
    }}
}};\n"""
CALL = "nnet::channel_types<{input_t}, {output_t}, {config}>({input}, {output});"


def cases(types: Sequence[Fixed], *, down: bool) -> str:
    """The switch's branches, one for every type: each that there is costs the compiler time."""
    mode = "AP_TRN" if down else "AP_RND_CONV"
    lines = []
    for type_ in dict.fromkeys(types):
        lines += [f"        case {channel}:" for channel, own in enumerate(types) if own == type_]
        lines.append(f"            return ap_{type_}(x);".replace(">", f", {mode}, AP_SAT>"))
    return "\n".join(lines)


@cache
def register() -> None:
    """Make the layer known to hls4ml; once per process."""
    make_known_map(LAYER, {"n_in": Integral, "n_channels": Integral, "cases": str}, CONFIG, CALL, HEADER)
