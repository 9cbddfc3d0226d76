"""Engines: what predicts. All of them compute the same bits, or `verify` says where they part."""

from nac.hardware.engines.contract import ENGINES, Engine, engine, outputs_sha256

__all__ = ["ENGINES", "Engine", "engine", "outputs_sha256"]
