"""The high-level features of jets, a table of OpenML."""

from nac.public.published import SETS, OpenML, PublicSet

SETS.register("hls4ml_lhc_jets_hlf", PublicSet(
    title="830,000 jets of gluons, light quarks, W, Z and top at 1 TeV, 16 high-level features each",
    task="jets_openml",
    place=OpenML(42468),
    size="some hundred MB",
    licence="as OpenML states it",
    cite="J. Duarte et al., Fast inference of deep neural networks in FPGAs for particle physics, JINST 13 (2018) "
         "P07027, arXiv:1804.06913; OpenML data set 42468",
    data="*.arff",
))
