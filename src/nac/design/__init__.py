"""A design: one quantised network on disk, with everything needed to repeat and to deploy it."""

from nac.design.folder import Design, DesignRecord, load_float, load_quantised, save_float, save_quantised

__all__ = ["Design", "DesignRecord", "load_float", "load_quantised", "save_float", "save_quantised"]
