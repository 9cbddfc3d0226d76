"""Where networks are trained: everything else, and all that must be exact, is done by the CPU."""

from typing import Literal

import torch

from nac.errors import InputError

DeviceName = Literal["auto", "cpu", "cuda"]


def training_device(name: DeviceName = "auto") -> torch.device:
    """The device that a name stands for here: `auto` is a GPU where there is one, else the CPU.

    Of several GPUs it is the first that CUDA_VISIBLE_DEVICES leaves to this process. Raises InputError when `cuda` is
    asked for and there is none.
    """
    here = torch.cuda.is_available()
    if name == "cuda" and not here:
        raise InputError("--device cuda: there is no GPU that torch can use, expected auto or cpu (nac doctor)")
    return torch.device("cuda" if here and name != "cpu" else "cpu")
