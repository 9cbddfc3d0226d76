"""An hls4ml layer that is the input stage: the programs of its channels, printed as C++."""

from functools import cache
from typing import Any

from nac.hardware.hls.own_layers import make_known

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
    from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
    from hls4ml.model.attributes import Attribute
    from hls4ml.model.layers import Layer

    class NacStage(Layer):  # type: ignore[misc]
        _expected_attributes = (Attribute("n_in"), Attribute("body", str))

        def initialize(self) -> None:
            self.add_output_variable(list(self.get_input_variable().shape))

    class ConfigTemplate(LayerConfigTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(NacStage)
            self.template = CONFIG

        def format(self, node: Any) -> str:
            return str(self.template.format(**self._default_config_params(node)))

    class CallTemplate(FunctionCallTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(NacStage, include_header=[f"nnet_utils/{HEADER}"])
            self.template = CALL

        def format(self, node: Any) -> str:
            return str(self.template.format(**self._default_function_params(node)))

    make_known(LAYER, NacStage, (ConfigTemplate, CallTemplate), HEADER)
