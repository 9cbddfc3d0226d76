"""Architectures that several tests build."""

from nac.arch import Aggregate, Architecture, Attention, Bits, Conv1d, Conv2d, Dense, Flatten, Pool, Residual

FLOAT = Bits(input=32, weights=32, activations=32)
BRAGGNN = Architecture(
    input=(1, 11, 11),
    outputs=2,
    bits=FLOAT,
    blocks=(
        Conv2d(channels=64, activation="none"),
        Attention(width=32, softmax=True, activation="leaky_relu"),
        Conv2d(channels=32, activation="leaky_relu"),
        Conv2d(channels=8, activation="leaky_relu"),
        Flatten(),
        Dense(width=64, activation="leaky_relu"),
        Dense(width=32, activation="leaky_relu"),
        Dense(width=16, activation="leaky_relu"),
    ),
)
DEEP_SETS = Architecture(
    input=(3, 8),
    outputs=5,
    blocks=(*[Dense(width=32, norm="batch")] * 3, Aggregate(), Dense(width=16, norm="batch")),
)
MAX_SETS = Architecture(
    input=(3, 5),
    outputs=3,
    blocks=(Dense(width=7, activation="leaky_relu_1_8"), Aggregate(kind="max"), Dense(width=6, activation="none")),
)
ATTENTION_CNN = Architecture(
    input=(1, 11, 11),
    outputs=2,
    blocks=(
        Conv2d(channels=4, norm="batch"), Attention(width=4), Pool(), Conv2d(channels=3), Flatten(), Dense(width=8),
    ),
)  # fmt: skip
MLP = Architecture(input=(16,), outputs=5, blocks=(Dense(width=16, norm="batch"), Dense(width=8)))
TRACE = Architecture(
    input=(24,),
    outputs=2,
    blocks=(
        Conv1d(channels=4, kernel=5, stride=2, padding="same", norm="batch"),
        Residual(blocks=(Conv1d(channels=4, padding="same", norm="batch"), Conv1d(channels=6, padding="same")),
                 projection=True),
        Residual(blocks=(Conv1d(channels=6, kernel=1, norm="batch", activation="none"),)),
        Pool(),
        Flatten(),
        Dense(width=6),
        Residual(blocks=(Dense(width=4), Dense(width=6, activation="none"))),
    ),
)  # fmt: skip
DEPLOYABLE = {"deep_sets": DEEP_SETS, "max_sets": MAX_SETS, "attention_cnn": ATTENTION_CNN, "mlp": MLP, "trace": TRACE}
