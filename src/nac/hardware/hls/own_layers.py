"""Layers of our own in hls4ml, through its extension interface, for the back ends that share Vivado's templates."""

import math
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any


def make_known(name: str, layer: Any, templates: Sequence[Any], header: str) -> None:
    """Register a layer class of hls4ml's by name, its template classes, and the header that its code includes."""
    from hls4ml.backends import get_backend
    from hls4ml.model.layers import register_layer

    register_layer(name, layer)
    vivado = get_backend("Vivado")
    for template in templates:
        vivado.register_template(template)
    path = Path(str(resources.files("nac.hardware.hls") / "templates" / header)).absolute()
    for backend in ("Vivado", "Vitis", "VivadoAccelerator"):
        get_backend(backend).register_source(path)


def make_known_map(name: str, attributes: Mapping[str, type], config: str, call: str, header: str) -> None:
    """Register a layer from one value to another, said by its templates alone.

    Its result has the shape of its value, or has as many values in all as its attribute `n_out` says, at its positions.

    Args:
        name: of the layer.
        attributes: which it has, with their types.
        config: of its struct `config{index}`, with the attributes.
        call: of its function, with `input_t`, `output_t`, `config`, `input` and `output`.
        header: that has the function.
    """
    from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
    from hls4ml.model.attributes import Attribute
    from hls4ml.model.layers import Layer

    class OwnLayer(Layer):  # type: ignore[misc]
        _expected_attributes = tuple(Attribute(key, kind) for key, kind in attributes.items())

        def initialize(self) -> None:
            *positions, channels = self.get_input_variable().shape
            count = self.attributes.get("n_out")
            self.add_output_variable([*positions, channels if count is None else count // math.prod(positions)])

    class ConfigTemplate(LayerConfigTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(OwnLayer)
            self.template = config

        def format(self, node: Any) -> str:
            return str(self.template.format(**self._default_config_params(node)))

    class CallTemplate(FunctionCallTemplate):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(OwnLayer, include_header=[f"nnet_utils/{header}"])
            self.template = call

        def format(self, node: Any) -> str:
            return str(self.template.format(**self._default_function_params(node)))

    OwnLayer.__name__ = OwnLayer.__qualname__ = name
    make_known(name, OwnLayer, (ConfigTemplate, CallTemplate), header)
