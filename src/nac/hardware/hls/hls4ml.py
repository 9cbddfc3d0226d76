"""hls4ml 1.3.0 where it has no public door: models from raw layers, what it prints, and the scripts that it writes.

The tests of this module say when another version does any of this otherwise.
"""

import contextlib
import hashlib
import io
import logging
import re
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nac.config import TargetConfig
from nac.errors import WorkError, third_party
from nac.hardware.circuit import Circuit
from nac.hardware.hls.backends import Backend, backend_for
from nac.hardware.hls.layers import HlsLayers, to_hls_layers
from nac.hardware.hls.order import to_channels_last

logger = logging.getLogger(__name__)
VERSION = "1.3.0"
BASEDIR = rb'BASEDIR="$(cd "$(dirname "$0")" && pwd)"'
WEIGHTS_DIR = rb'WEIGHTS_DIR="\"${BASEDIR}/firmware/weights\""'
WEIGHTS_DIR_HERE = rb'WEIGHTS_DIR="\"firmware/weights\""'
COPIED = {"nnet_utils", "ap_types", "ac_types", "ac_math", "ac_simutils"}
"""Folders of headers that hls4ml copies into every project."""


def convert(
    circuit: Circuit, target: TargetConfig, backend: Backend, folder: Path, top: str, *,
    traced: Collection[str] | None = (),
) -> tuple[Any, HlsLayers]:  # fmt: skip
    """hls4ml's model of a circuit, and the layers it was made from.

    Its C simulation records the outputs of the nodes `traced`, by name, or of all (None).
    """
    from hls4ml.model import ModelGraph
    from hls4ml.utils.config import create_config

    layers = to_hls_layers(
        circuit, strategy=target.strategy, reuse_factor=target.reuse_factor, widens_mean=backend.widens_mean,
        streams=target.io_type == "io_stream",
    )  # fmt: skip
    for name, settings in layers.config.items():
        settings["Trace"] = traced is None or layers.shows.get(name) in traced
    options: dict[str, Any] = dict(backend.options)
    if backend.takes_part:
        options["part"] = target.part
    with quiet():
        config = create_config(
            output_dir=str(folder), project_name=top, backend=backend.name, io_type=target.io_type,
            clock_period=target.clock_period_ns, **options,
        )  # fmt: skip
        widest = max(node.type.width for node in circuit)
        if traced is None or traced:
            config["TraceOutput"] = True
        config["HLSConfig"] = {
            "Model": {
                "Precision": f"fixed<{2 * widest},{widest}>",  # never used: every type is given
                "ReuseFactor": target.reuse_factor,
                "Strategy": target.strategy,
            },
            "LayerName": layers.config,
        }
        ends = [layers.layers[0]["name"]], [layers.layers[-1]["name"]]
        return ModelGraph.from_layer_list(config, layers.layers, *ends), layers


def write(model: Any, folder: Path) -> None:
    """Write the project of hls4ml's model into `folder`, the same for the same model, wherever and whenever."""
    with quiet():
        model.write()
    _make_reproducible(folder)
    _mend_scripts(folder)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """hls4ml prints and warns, which goes to the log, and raises what it likes, which becomes a WorkError."""
    said = io.StringIO()
    with third_party("hls4ml"), contextlib.redirect_stdout(said), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for line in [*said.getvalue().splitlines(), *(str(item.message) for item in caught)]:
        logger.debug("hls4ml: %s", line)


def _make_reproducible(folder: Path) -> None:
    """Replace hls4ml's random stamp by a hash of the sources, and leave no path of this machine in the files."""
    config = folder / "hls4ml_config.yml"
    text = config.read_text(encoding="utf-8")
    stamp = re.search(r"^Stamp: '?([0-9a-fA-F]{8})'?$", text, re.MULTILINE)
    if stamp is None:
        raise WorkError(f"{config}: has no Stamp")
    files = [f for f in sorted(folder.rglob("*")) if f.is_file() and not COPIED & set(f.relative_to(folder).parts)]
    digest = hashlib.sha256()
    contents = {}
    for file in files:
        raw = file.read_bytes()
        if file == config:  # YAML quotes a stamp that happens to look like a number
            raw = raw.replace(f"'{stamp[1]}'".encode(), stamp[1].encode())
        content = raw.replace(str(folder).encode(), b".").replace(stamp[1].encode(), b"@STAMP@")
        contents[file] = content
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + content + b"\0")
    for file, content in contents.items():
        file.write_bytes(content.replace(b"@STAMP@", b"n" + digest.hexdigest()[:7].encode()))


def _mend_scripts(folder: Path) -> None:
    """hls4ml's scripts expect to be started in their own folder, and compile its path into what reads the weights.

    With a path relative to the project, in which every simulation starts, a compiled project can be moved.
    """
    for script in sorted(folder.glob("*.sh")):
        text = script.read_bytes().replace(BASEDIR + b"\n", b"").replace(WEIGHTS_DIR, WEIGHTS_DIR_HERE)
        shebang, rest = text.split(b"\n", 1)
        script.write_bytes(b"\n".join((shebang, b'cd "$(dirname "$0")" || exit 1', rest)))


def trace_layers(
    circuit: Circuit, target: TargetConfig, folder: Path, x: npt.NDArray[Any]
) -> dict[str, npt.NDArray[np.float64]]:
    """The output of every layer of a C simulation that is compiled for this into `folder`.

    Args:
        circuit: what to build.
        target: for which backend and interface.
        folder: scratch space.
        x: (N, *input) channels first, on the grid of the input; at least two samples.

    Returns:
        By node name, (N, ...) channels first. A ReLU that is one layer with its quantiser has no entry.
    """
    samples = np.concatenate([x, x]) if len(x) == 1 else x
    model, layers = convert(circuit, target, backend_for(circuit, target), folder, "traced", traced=None)
    with quiet():
        model.write()
        _, seen = model.trace(to_channels_last(samples).astype(np.float64))
    return {
        layers.shows[name]: layers.to_circuit(layers.shows[name], values[: len(x)])
        for name, values in seen.items()
        if name in layers.shows
    }
