"""Layers of our own in hls4ml, through its extension interface, for the back ends that share Vivado's templates."""

from collections.abc import Sequence
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
