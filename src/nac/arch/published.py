"""NAC's published bit-operation count, faults included, to compare with its logs and for nothing else."""

import math
from itertools import pairwise

from nac.arch.architecture import Architecture
from nac.arch.blocks import Aggregate, Attention, Conv2d, Dense
from nac.errors import InputError

CONSTITUENTS = 8


def bops_nac(architecture: Architecture, batch: int = 256) -> float:
    """Bit operations as NAC's logs count them (arXiv 2501.05515; recounted from 2,999 logged trials).

    Differences from `nac.cost.bops`: a convolution's fan-in includes its whole input image and its output is
    taken as two pixels smaller whatever the kernel; within a block of two convolutions the size shrinks by
    two after each; the softmax is multiplied by the batch size; products of activations count 32 bits and
    channels squared; a Deep Sets phi counts once, not once per particle.

    Raises:
        InputError: the architecture has a block that NAC's spaces lack.
    """
    bits = architecture.bits.weights
    if len(architecture.input) == 3:
        return _image(architecture, bits, batch)
    return _set(architecture, bits)


def _per_weight(fan_in: int, bits: int) -> float:
    return bits * bits + 2 * bits + math.log2(fan_in)


def _dense(inputs: int, outputs: int, bits: int) -> float:
    return inputs * outputs * _per_weight(inputs, bits)


def _conv(inputs: int, outputs: int, kernel: int, size: int, bits: int) -> float:
    fan_in = inputs * size**2 * kernel**2
    return outputs * (size - 2) ** 2 * fan_in * _per_weight(fan_in, bits)


def _attention(channels: int, width: int, size: int, bits: int, batch: int) -> float:
    pixels = size**2
    projections = 3 * _conv(channels, width, 1, size, bits) + _conv(channels, channels, 1, size, bits)
    softmax = batch * (1.5 * pixels**2 * (bits - 1) + pixels * (pixels - 1) + pixels**2)
    scores = channels**2 * (1024 * pixels + 32 * (pixels - 1))
    mixture = channels**2 * (1024 * channels + 32 * (channels - 1))
    return projections + softmax + scores + mixture


def _image(architecture: Architecture, bits: int, batch: int) -> float:
    channels, size, _ = architecture.input
    counted, convolutions, total = size, 0, 0.0
    widths: list[int] = []
    for block in architecture.blocks:
        if isinstance(block, Conv2d):
            if convolutions % 2 == 1 or convolutions == 0:  # the stem stands alone, the others come in pairs
                counted = size
            total += _conv(channels, block.channels, block.kernel, counted, bits)
            counted -= 2
            size -= block.kernel - 1
            channels = block.channels
            convolutions += 1
        elif isinstance(block, Attention):
            total += _attention(channels, block.width, size, bits, batch)
        elif isinstance(block, Dense):
            widths.append(block.width)
        elif block.block != "flatten":
            raise InputError(f"bops_nac: NAC's Bragg space has no {block.block} block")
    widths = [channels * size**2, *widths, architecture.outputs]
    return total + sum(_dense(a, b, bits) for a, b in pairwise(widths))


def _set(architecture: Architecture, bits: int) -> float:
    width, total = architecture.input[0], 0.0
    for block in architecture.blocks:
        if isinstance(block, Dense):
            total += _dense(width, block.width, bits)
            width = block.width
        elif isinstance(block, Aggregate):
            n = CONSTITUENTS
            compare = (n - 1) * width * bits if block.kind == "max" else n * bits * (width - 1) + 24 * bits
            total += compare + n * width * math.log2(n * width)
        else:
            raise InputError(f"bops_nac: NAC's jets space has no {block.block} block")
    return total + _dense(width, architecture.outputs, bits)
