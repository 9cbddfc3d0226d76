"""An hls4ml layer that gives every channel a type of its own; hls4ml's own layers have one for all of their values."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from nac.hardware.circuit.fixed import Fixed
from nac.hardware.hls.own_layers import make_known

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
    from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
    from hls4ml.model.attributes import Attribute
    from hls4ml.model.layers import Layer

    class NacChannelTypes(Layer):  # type: ignore[misc]
        _expected_attributes = (*(Attribute(name) for name in ("n_in", "n_channels")), Attribute("cases", str))

        def initialize(self) -> None:
            self.add_output_variable(list(self.get_input_variable().shape))

    class ConfigTemplate(LayerConfigTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(NacChannelTypes)
            self.template = CONFIG

        def format(self, node: Any) -> str:
            return str(self.template.format(**self._default_config_params(node)))

    class CallTemplate(FunctionCallTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(NacChannelTypes, include_header=[f"nnet_utils/{HEADER}"])
            self.template = CALL

        def format(self, node: Any) -> str:
            return str(self.template.format(**self._default_function_params(node)))

    make_known(LAYER, NacChannelTypes, (ConfigTemplate, CallTemplate), HEADER)
