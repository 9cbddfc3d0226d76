"""The frames and peaks that BraggNN was trained with."""

from nac.public.published import SETS, GitHub, PublicSet

SETS.register("braggnn", PublicSet(
    title="69,347 clean of 77,267 Bragg peaks in 1,440 detector frames, fitted by pseudo-Voigt profiles",
    task="bragg",
    place=GitHub(
        "lzhengchun/BraggNN", "0d3fdc3b1b3dddfdb7e80a56c384b66c282470bf",
        {"dataset/dataset.tar.gz": ("git:f419240f5e11d7caa1d4f0a92e08f2b560921d62", None)},
    ),
    size="up to 100 MB, unpacked 24 GB",
    licence="CC BY-NC",
    cite="Z. Liu et al., BraggNN: fast X-ray Bragg peak analysis using deep learning, IUCrJ 9 (2022) 104, "
         "arXiv:2008.08198",
    data="*-exp4train*.hdf5",
    unpacked_bytes=4 * 1440 * 2048 * 2048,
))
