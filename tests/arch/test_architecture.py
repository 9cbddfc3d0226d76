import pytest
from networks import ATTENTION_CNN, BRAGGNN, DEEP_SETS, DEPLOYABLE, FLOAT, MAX_SETS

from nac.arch import (
    Aggregate,
    Architecture,
    Attention,
    Conv1d,
    Conv2d,
    Dense,
    Flatten,
    Residual,
    bit_widths,
    bops_nac,
    deployment_problems,
    trace,
    workload,
)
from nac.cost import macs, parameters
from nac.errors import InputError


@pytest.mark.parametrize("architecture", [*DEPLOYABLE.values(), BRAGGNN])
def test_json_round_trip_keeps_value_and_hash(architecture: Architecture) -> None:
    again = Architecture.from_json(architecture.to_json())
    assert again == architecture
    assert again.hash == architecture.hash


def test_hash_is_the_same_on_every_machine() -> None:
    assert DEEP_SETS.hash == "f04e8c81a57d"


def test_architectures_of_earlier_versions_keep_their_hash_and_the_names_of_their_layers() -> None:
    old = Architecture.from_json(
        '{"input": [1, 7, 7], "blocks": [{"block": "conv", "channels": 2}, {"block": "flatten"}], "outputs": 2}'
    )
    assert isinstance(old.blocks[0], Conv2d)
    assert old.hash == "1402986ff781"
    assert [node.name for node in trace(old).nodes] == ["input", "conv0", "conv0_act", "flatten1", "output"]
    assert Architecture.from_json(old.to_json()) == old


def test_hash_tells_bit_widths_apart() -> None:
    assert DEEP_SETS.with_bits(weights=6).hash != DEEP_SETS.hash
    assert DEEP_SETS.with_bits(weights=6).with_bits(weights=8) == DEEP_SETS


def test_braggnn_has_the_published_size() -> None:
    assert macs(workload(BRAGGNN)) == 2_106_272
    assert parameters(workload(BRAGGNN)) == 45_274


def test_openhls_small_braggnn_has_the_published_size() -> None:
    small = Architecture(
        input=(1, 11, 11),
        outputs=2,
        bits=FLOAT,
        blocks=(
            Conv2d(channels=16, activation="none"), Attention(width=8, softmax=True), Conv2d(channels=8),
            Conv2d(channels=2), Flatten(), Dense(width=16), Dense(width=8), Dense(width=4),
        ),
    )  # fmt: skip
    assert (macs(workload(small)), parameters(workload(small))) == (219_128, 3_016)
    assert bops_nac(small) == pytest.approx(9_678_867_456, rel=1e-6)  # trial 0 of NAC's log, a float32


def test_nac_counting_reproduces_its_logs() -> None:
    assert bops_nac(BRAGGNN, batch=256) == pytest.approx(135_483_678_720, rel=1e-7)  # the log's float32
    assert bops_nac(BRAGGNN, batch=1) == pytest.approx(1.3540e11, rel=1e-4)


@pytest.mark.parametrize(
    ("phi", "rho", "logged"),
    [
        ((32, 32, 32), (16,), 236376.16),
        ((32, 32), (32, 64), 387736.16),
        ((32, 16), (64, 8, 32), 218296.16),
        ((8, 8), (16, 16), 47142.04),
        ((16,), (8, 8, 4), 26324.08),
    ],
)
def test_nac_counting_reproduces_its_jet_baselines(phi: tuple[int, ...], rho: tuple[int, ...], logged: float) -> None:
    network = Architecture(
        input=(3, 8), outputs=5, blocks=(*(Dense(width=w) for w in phi), Aggregate(), *(Dense(width=w) for w in rho))
    )
    assert bops_nac(network) == pytest.approx(logged, abs=0.01)


def test_linear_attention_costs_width_squared_not_pixels_squared() -> None:
    names = {op.name: op.macs for op in workload(ATTENTION_CNN)}
    assert names["attention1_context"] == 4 * 4 * 81
    assert names["attention1_mix"] == 4 * 4 * 81


def test_workload_follows_widths_and_densities() -> None:
    ops = {op.name: op for op in workload(DEEP_SETS.with_bits(weights=6, activations=5, input=10), {"dense1": 0.5})}
    assert (ops["dense0"].positions, ops["dense0"].fan_in, ops["dense0"].activation_bits) == (8, 3, 10)
    assert (ops["dense1"].density, ops["dense1"].weight_bits, ops["dense1"].activation_bits) == (0.5, 6, 5)
    assert ops["dense4"].positions == 1
    assert ops["output"].outputs == 5


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ((Conv2d(channels=2, kernel=9), Conv2d(channels=2, kernel=5), Flatten()), "conv2d1"),
        ((Conv2d(channels=2),), "flatten or aggregate"),
        ((Dense(width=3),), "needs a vector"),
        ((Flatten(), Aggregate()), "needs a set"),
        ((Conv1d(channels=2), Flatten()), "needs a trace"),
        ((Conv2d(channels=2, kernel=4, padding="same"), Flatten()), "has no middle"),
        ((Residual(blocks=(Conv2d(channels=1),)), Flatten()), "expected the same positions"),
        ((Residual(blocks=(Conv2d(channels=2, padding="same"),)), Flatten()), "2 channels of 1, expected as many or"),
    ],
)
def test_blocks_that_do_not_fit_are_named(blocks: tuple[object, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Architecture.model_validate({"input": (1, 11, 11), "blocks": blocks, "outputs": 2})


def test_a_stride_and_padding_leave_the_samples_that_they_say() -> None:
    def samples(**more: object) -> int:
        block = Conv1d.model_validate({"channels": 1, "kernel": 5, **more})
        return trace(Architecture(input=(64,), outputs=1, blocks=(block, Flatten())))["flatten1"].shape[0]

    assert (samples(), samples(padding="same")) == (60, 64)
    assert (samples(stride=4), samples(stride=4, padding="same")) == (15, 16)


def test_from_json_names_every_wrong_key() -> None:
    with pytest.raises(InputError) as error:
        Architecture.from_json('{"input": [3, 8], "blocks": [{"block": "dense", "width": 0}], "outputs": "x"}')
    assert "blocks.0.width" in str(error.value)
    assert "outputs" in str(error.value)


@pytest.mark.parametrize("architecture", DEPLOYABLE.values(), ids=DEPLOYABLE)
def test_deployable_architectures_have_no_problems(architecture: Architecture) -> None:
    assert deployment_problems(architecture) == []


@pytest.mark.parametrize(
    ("architecture", "sentence"),
    [
        (BRAGGNN.with_bits(weights=8, activations=8, input=8), "softmax"),
        (BRAGGNN, "32 bits"),
        (MAX_SETS.model_copy(update={"blocks": (Dense(width=3), Aggregate())}), "power of two"),
        (MAX_SETS.model_copy(update={"blocks": (Dense(width=3, norm="layer"), Aggregate(kind="max"))}), "layer norm"),
        (MAX_SETS.model_copy(update={"blocks": (Dense(width=3, activation="gelu"), Aggregate(kind="max"))}), "gelu"),
    ],
)
def test_what_hardware_cannot_take_is_named(architecture: Architecture, sentence: str) -> None:
    assert any(sentence in problem for problem in deployment_problems(architecture))


def test_every_value_that_a_product_reads_has_a_width() -> None:
    for architecture in DEPLOYABLE.values():
        graph = trace(architecture)
        for node in graph.nodes:
            if node.operation.product(node, graph.sources(node), 1.0) is not None:
                assert all(graph[name].bits <= 8 for name in node.inputs), node.name


@pytest.mark.parametrize(("fan_in", "bits"), [(800, {}), (64, {"input": 12}), (5184, {"weights": 16, "input": 12})])
def test_no_width_is_refused_for_sums_that_the_engines_hold(fan_in: int, bits: dict[str, int]) -> None:
    widths = {"input": 8, "weights": 8, "activations": 8, **bits}
    network = Architecture(input=(fan_in,), outputs=2, blocks=()).with_bits(**widths)
    assert deployment_problems(network) == []


def test_layers_with_widths_of_their_own() -> None:
    mixed = DEEP_SETS.with_bits(weights=4, activations=4).with_layer_bits(
        {"dense1": 3, "dense1_act": 6, "input": 8, "output": 4}
    )
    assert mixed.layer_bits == {"dense1": 3, "dense1_act": 6}, "what is said anyway is left out"
    assert {name: bits for name, bits in bit_widths(mixed).items() if bits != 4} == {
        "input": 8, "dense1": 3, "dense1_act": 6,
    }  # fmt: skip
    ops = {op.name: (op.weight_bits, op.activation_bits) for op in workload(mixed)}
    assert ops["dense1"] == (3, 4)
    assert ops["dense2"] == (4, 6)
    assert mixed.summary().endswith("@w3-4a4-6")
    assert mixed.with_bits() == DEEP_SETS.with_bits(weights=4, activations=4)


@pytest.mark.parametrize(("bits", "kept"), [(2, 5), (4, 7), (6, 8), (8, 8), (12, 12)])
def test_means_keep_the_digits_of_their_sums_up_to_eight_bits(bits: int, kept: int) -> None:
    uniform = DEEP_SETS.with_bits(weights=3, activations=bits)  # a mean over 8 particles
    whole = bit_widths(uniform.with_whole_means())
    assert whole == {**bit_widths(uniform), "aggregate3_act": kept}


def test_no_other_values_keep_more_digits() -> None:
    largest = MAX_SETS.with_bits(weights=4, activations=4)
    assert largest.with_whole_means() == largest


def test_layer_bits_leave_other_architectures_as_they_were() -> None:
    assert "layer_bits" not in DEEP_SETS.to_json()
    mixed = DEEP_SETS.with_layer_bits({"dense1": 3, "dense0": 5})
    assert Architecture.from_json(mixed.to_json()) == mixed
    assert mixed.hash not in {DEEP_SETS.hash, DEEP_SETS.with_layer_bits({"dense1": 3}).hash}
    assert mixed.hash == DEEP_SETS.with_layer_bits({"dense0": 5, "dense1": 3}).hash


def test_widths_of_unknown_layers_are_refused() -> None:
    with pytest.raises(InputError, match=r"layer_bits.dense9: .*expected one of input, dense0"):
        DEEP_SETS.with_layer_bits({"dense9": 4})
    with pytest.raises(InputError, match=r"layer_bits.aggregate3: "):
        Architecture.from_json(DEEP_SETS.model_copy(update={"layer_bits": {"aggregate3": 4}}).to_json())


def test_a_single_layer_too_wide_for_hardware_is_named() -> None:
    assert any("layer_bits.dense1: 17 bits, expected 2 to 16" in p for p in
               deployment_problems(DEEP_SETS.with_layer_bits({"dense1": 17})))  # fmt: skip
    assert deployment_problems(DEEP_SETS.with_layer_bits({"dense1": 16})) == []


def test_one_bit_is_for_what_is_never_negative() -> None:
    assert DEEP_SETS.with_layer_bits({"dense0_act": 1}).layer_bits == {"dense0_act": 1}
    text = DEEP_SETS.model_copy(update={"layer_bits": {"dense0": 1}}).to_json()
    with pytest.raises(InputError, match=r"layer_bits\.dense0: 1 bit, expected at least 2"):
        Architecture.from_json(text)
