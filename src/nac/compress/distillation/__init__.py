"""Dataset distillation: few samples on which a network trains as on many."""

from nac.compress.distillation.contract import Distilled, Distiller, Distilling
from nac.compress.distillation.files import read_distilled, write_distilled
from nac.compress.distillation.registry import DISTILLERS, distil

__all__ = ["DISTILLERS", "Distilled", "Distiller", "Distilling", "distil", "read_distilled", "write_distilled"]
