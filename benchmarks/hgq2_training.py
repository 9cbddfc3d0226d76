"""One HGQ2 training and the adder graphs along its front; run by hgq2.py in the environment that it makes.

    python hgq2_training.py FOLDER

FOLDER holds arrays.npz (x, y, validation_x, validation_y, held_x: preprocessed inputs and labels) and settings.json.
Written there: graph-NN.json, and result.json with what every checkpoint reached; no accuracy of the held-out samples is
looked at here, only outputs are computed. The recipe is that of HGQ2's own examples: `kbi` weights and `kif` values, a
width for every one of both, batch norm inside the layers, beta rising under cosine restarts.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from alkaid.converter import trace_model
from alkaid.trace import FVArray, HWConfig, trace
from alkaid.trace.passes import canon
from hgq.config import QuantizerConfigScope
from hgq.layers import QEinsumDense, QEinsumDenseBatchnorm
from hgq.regularizers import MonoL1
from hgq.utils import trace_minmax
from hgq.utils.sugar import BetaScheduler, FreeEBOPs, ParetoFront, PieceWiseSchedule
from numpy.typing import NDArray

Array = NDArray[Any]
START_BITS = 7
POINTS = 24
"""Checkpoints whose circuits are made, about evenly spread over the logarithm of the cost.

They are of the ends of the learning rate's cycles, where networks are best. By their accuracy on so few samples lucky
ones are kept in their place, and between two of these there is nothing.
"""


class Jets(keras.utils.PyDataset):  # type: ignore[misc]
    """Batches, drawn anew in every epoch; particles (pT, eta, phi) are mirrored and swapped."""

    def __init__(self, x: Array, y: Array, batch: int, augment: bool, seed: int) -> None:
        super().__init__()
        self.x, self.y, self.batch, self.augment = x, y, batch, augment
        self.generator = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.x) // self.batch

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        part = slice(index * self.batch, (index + 1) * self.batch)
        return self.now[0][part], self.now[1][part]

    def on_epoch_end(self) -> None:
        """Draw anew."""
        order = self.generator.permutation(len(self.x))
        x, y = self.x[order], self.y[order]
        if self.augment:
            for axis in (1, 2):
                x[:, axis] *= self.generator.choice([-1, 1], (len(x), 1)).astype(x.dtype)
            swapped = self.generator.random(len(x)) < 0.5
            x[swapped] = x[swapped][:, [0, 2, 1]]
        self.now = x.reshape(len(x), -1), y


def network(inputs: int, widths: list[int], outputs: int) -> Any:
    """Dense layers."""
    weights = QuantizerConfigScope(q_type="kbi", place="weight", b0=START_BITS, br=MonoL1(1e-8))
    values = QuantizerConfigScope(
        q_type="kif", place="datalane", default_q_type="kif", f0=START_BITS, homogeneous_axis=(0,), fr=MonoL1(1e-8),
        ir=MonoL1(1e-8),
    )  # fmt: skip
    with weights, values:
        layers = [QEinsumDenseBatchnorm("bc,cC->bC", width, bias_axes="C", activation="relu") for width in widths]
        return keras.Sequential([keras.Input((inputs,)), *layers, QEinsumDense("bc,cC->bC", outputs, bias_axes="C")])


def graph(model: Any) -> Any:
    """The adder graph of a model; its inputs come in as the first layer rounds them, as they do for nac's."""
    first = model.layers[0].iq.quantizer
    k, i, f = (np.array(first.bw_mapper.bw_to_x(part, (1, model.input_shape[1])))[0] for part in first.kif)
    k, i, f = (part.astype(np.int8) for part in (k, i, f))
    # Tables in the place of sums of single bits fail in alkaid 0.8.2 where these bits are signs.
    options = {"hard_dc": 2, "search_all_decompose_dc": True, "binary_lut": False}
    inputs = FVArray.from_kif(k[None], i[None], f[None], HWConfig(1, 1, -1), 0, options)
    return trace(*trace_model(model, HWConfig(1, 1, -1), options, inputs=inputs))


def main() -> None:
    """Train, and make the circuits."""
    folder = Path(sys.argv[1])
    settings = json.loads((folder / "settings.json").read_text())
    data = np.load(folder / "arrays.npz")
    keras.utils.set_random_seed(settings["seed"])
    jax.config.update("jax_platforms", "cpu")
    canon.canonicalize_msb_wraps = lambda graph: graph  # wrong in alkaid 0.8.2: it takes bits for others
    x = data["x"]
    batches = Jets(x, data["y"], settings["batch"], x.ndim == 3 and x.shape[1] == 3, settings["seed"])
    flat, validation, held = (data[name].reshape(len(data[name]), -1) for name in ("x", "validation_x", "held_x"))
    model = network(validation.shape[1], settings["widths"], int(data["y"].max()) + 1)
    epochs, (low, high) = settings["epochs"], settings["beta"]
    cycle = max(1, round(epochs / settings["cycles"]))
    rate = keras.optimizers.schedules.CosineDecayRestarts(3e-3, cycle * len(batches), t_mul=1.0, m_mul=1.0)
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  metrics=["accuracy"])  # fmt: skip
    front = ParetoFront(folder / "front", ["epoch", "ebops"], [-1, -1], "{epoch:05d}.weights.h5",
                        enable_if=lambda logs: (logs["epoch"] + 1) % cycle == 0)  # fmt: skip
    schedule = PieceWiseSchedule([(0, low / 2, "linear"), (epochs // 10, low, "log"), (epochs, high, "constant")])
    begun = time.process_time()
    model.fit(batches, epochs=epochs, validation_data=(validation, data["validation_y"]), batch_size=len(validation),
              verbose=0, callbacks=[BetaScheduler(schedule), FreeEBOPs(), front])  # fmt: skip
    seconds = time.process_time() - begun
    known = sorted(zip(front.record, front.paths, strict=True), key=lambda pair: pair[0][1])
    rows = []
    costs = np.log([max(record[1], 1) for record, _ in known])
    for index in sorted({int(np.abs(costs - part).argmin()) for part in np.linspace(costs[0], costs[-1], POINTS)}):
        record, path = known[index]
        model.load_weights(path)
        trace_minmax(model, flat, batch_size=4096, verbose=0)  # ranges of all samples: what is beyond them wraps
        made = graph(model)
        outputs = model.predict(held, batch_size=4096, verbose=0)
        made.save(folder / f"graph-{index:03d}.json")
        np.save(folder / f"outputs-{index:03d}.npy", outputs)
        rounded = np.array(model.layers[0].iq(held), dtype=np.float64)
        equal = np.mean(np.all(made.predict(rounded) == outputs, axis=1))
        logits = model.predict(validation, batch_size=4096, verbose=0).astype(np.float64)
        likely = logits[np.arange(len(logits)), data["validation_y"]] - np.log(np.exp(logits).sum(1))
        choice = likely.mean()
        rows.append({"index": index, "choice": float(choice), "epoch": float(record[0]), "ebops": float(record[1]),
                     "exact": float(equal)})  # fmt: skip
    (folder / "result.json").write_text(json.dumps({"front_seconds": seconds, "rows": rows}))


if __name__ == "__main__":
    main()
