"""The README of a generated project: what it is, for which part, in which types, and what was verified."""

from importlib import metadata, resources
from string import Template

import numpy as np

from nac.config import TargetConfig
from nac.hardware.circuit import Circuit, Node
from nac.hardware.hls.backends import Backend
from nac.hardware.hls.order import channels_last

UNVERIFIED = "Nothing yet: `nac synth` compares torch, QONNX and the C simulation, and writes the result here."
ORDER = {1: "of the features", 2: "(position, feature)", 3: "(row, column, channel)"}


def project_readme(
    title: str, circuit: Circuit, target: TargetConfig, backend: Backend, *, top: str, part: str, source: str,
    interface: str, verification: str,
) -> str:  # fmt: skip
    """Markdown for a project of `circuit`; `source` identifies the graph it was made from."""
    template = Template((resources.files("nac.hardware.hls") / "templates" / "project.md").read_text(encoding="utf-8"))
    first, last = circuit.input, circuit.output
    return template.substitute(
        title=title, hls4ml=metadata.version("hls4ml"), backend=backend.name, hash=source, part=part,
        clock=f"{target.clock_period_ns:g}", io_type=target.io_type, strategy=target.strategy,
        reuse_factor=target.reuse_factor, top=top, input_type=_type(first), inputs=int(np.prod(first.shape)),
        input_order=ORDER[len(first.shape)], output_type=_type(last), outputs=last.shape[0],
        input_shape=first.shape, hls_shape=channels_last(first.shape), layers=_layer_table(circuit),
        interface=interface, verification=verification,
        synthesise=backend.synthesise.replace("TOP", top), tool=backend.tool,
        no_simulation="" if backend.simulates else f" is not possible: {backend.name} needs {backend.tool}",
    )  # fmt: skip


def _type(node: Node) -> str:
    return f"ap_{node.type}"


def _layer_table(circuit: Circuit) -> str:
    rows = ["| layer | operation | shape | values | weights | of them zero |", "|---|---|---|---|---|---|"]
    for node in circuit:
        weights, zeros = "", ""
        if node.weights is not None:
            kernel = node.weights.kernel
            weights = f"{kernel.size} x `ap_{node.weights.kernel_type}`"
            zeros = f"{1 - np.count_nonzero(kernel) / kernel.size:.0%}"
        shape = "x".join(map(str, node.shape))
        rows.append(f"| {node.name} | {node.operation.title(node)} | {shape} | `{_type(node)}` | {weights} | {zeros} |")
    return "\n".join(rows)
