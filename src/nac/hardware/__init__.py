"""Hardware: QONNX, HLS projects, C simulation, RTL, and the proof that all of them compute what was trained.

`circuit` is a network in whole numbers; `onnx`, `hls`, `rtl` and `vendor` are each for one kind of tool; `engines`,
`kit` and the modules here put them together: verification, reports, interface sheets, costs at once.
"""

from nac.hardware.circuit import Circuit
from nac.hardware.engines import ENGINES, Engine, engine, outputs_sha256
from nac.hardware.hls.backends import BACKENDS, Backend
from nac.hardware.hls.generate import generate, restore, write_hls
from nac.hardware.hls.project import HlsProject
from nac.hardware.onnx.export import export, export_network
from nac.hardware.onnx.read import read_circuit
from nac.hardware.onnx.recount import assert_costs_agree, recount, recount_model
from nac.hardware.report import HardwareNumber, HardwareReport, synthesise
from nac.hardware.verify import Verification, verify

__all__ = [
    "BACKENDS",
    "ENGINES",
    "Backend",
    "Circuit",
    "Engine",
    "HardwareNumber",
    "HardwareReport",
    "HlsProject",
    "Verification",
    "assert_costs_agree",
    "engine",
    "export",
    "export_network",
    "generate",
    "outputs_sha256",
    "read_circuit",
    "recount",
    "recount_model",
    "restore",
    "synthesise",
    "verify",
    "write_hls",
]
