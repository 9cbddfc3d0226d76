"""The hls4ml backends that can write a project without their vendor's tool, and what each can take."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nac.config import TargetConfig
from nac.errors import InputError
from nac.hardware.circuit import Circuit
from nac.registry import Registry


@dataclass(frozen=True)
class Backend:
    """The extension point: a backend of hls4ml, which is called so there (`hls4ml.backends` adds it).

    `simulates`: g++ alone compiles its C simulation. `products`: the interfaces through which it multiplies two
    activations (attention).
    `widens_mean`: its average stays in the type of its input, which therefore has to be widened first.
    `own_layers`: it takes our own layers, and with them stages in front of a network and behind it.
    `takes_part`: the part of the task is one of its parts; otherwise its default part is used.
    """

    name: str
    tool: str
    synthesise: str
    simulates: bool = True
    products: tuple[str, ...] = ()
    own_layers: bool = False
    widens_mean: bool = False
    takes_part: bool = True
    options: Mapping[str, object] = field(default_factory=dict)


_BOTH = ("io_parallel", "io_stream")

BACKENDS: Registry[Backend] = Registry("backend", "nac.hardware.hls.backends")
for _backend in (
    Backend("Vitis", "vitis_hls", "vitis_hls -f build_prj.tcl", products=_BOTH, own_layers=True),
    Backend("Vivado", "vivado_hls", "vivado_hls -f build_prj.tcl", products=_BOTH, own_layers=True),
    Backend("VivadoAccelerator", "vivado_hls", "vivado_hls -f build_prj.tcl", products=_BOTH, own_layers=True),
    Backend("Quartus", "i++", "make TOP-fpga", widens_mean=True, takes_part=False),
    Backend("oneAPI", "icpx", "cmake -B build . && make -C build report", simulates=False, products=("io_parallel",),
            takes_part=False),
    Backend("Catapult", "catapult", "catapult -product ultra -shell -f build_prj.tcl", widens_mean=True),
):  # fmt: skip
    BACKENDS.register(_backend.name, _backend)


def backend_for(circuit: Circuit, target: TargetConfig) -> Backend:
    """The target's backend. Raises InputError when it is unknown or cannot build the circuit exactly."""
    if target.backend not in BACKENDS:
        raise InputError(f"target.backend: no backend {target.backend!r}, expected one of: {', '.join(BACKENDS)}")
    backend = BACKENDS[target.backend]
    own = next((node.name for node in circuit if node.operation.own_layer), None)
    if own is not None and not backend.own_layers:
        able = ", ".join(name for name, other in BACKENDS.items() if other.own_layers)
        raise InputError(f"target.backend: {backend.name} has no layer for the {own}, expected one of: {able}")
    product = next((node.name for node in circuit if node.operation.multiplies), None)
    if product is not None and target.io_type not in backend.products:
        able = ", ".join(name for name, other in BACKENDS.items() if target.io_type in other.products)
        raise InputError(
            f"target.backend: {backend.name} has no product of activations ({product}) with {target.io_type}, expected "
            f"one of: {able}"
        )
    return backend
