"""The 20,000 jets of the result tables, made of jet images that lie in a repository of a few MB."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nac.public.jet_images import jets
from nac.public.published import SETS, GitHub, PublicSet


def _made(files: Sequence[Path], folder: Path) -> Path:
    path = folder / "lhc_jets_20k.npz"
    np.savez_compressed(path, allow_pickle=False, **jets(files))
    return path


SETS.register("lhc_jets_20k", PublicSet(
    title="20,000 jets of gluons, light quarks, W, Z and top at 1 TeV, the 32 hottest cells of their images",
    task="jets",
    place=GitHub(
        "BryPhysic/ML-jet-tag", "012ac1a32527bc7e875f6a887a5dc064e41633d0",
        {
            "Data/Jet Image 7 100p 0 10000.npz":
                ("sha256:362e6f221d2b177d834bb661999d63e93df1db14f91470b0d5a869b2d78b70f5", 3_425_444),
            "Data/Jet Image 10000-20000.npz":
                ("sha256:a7d95f126f8ec57eb54efe580086e670d851f90e053a9acadeb8d4613025ebb2", 3_437_826),
        },
    ),
    size="7 MB",
    licence="none stated by the repository; images of the Zenodo jets",
    cite="M. Pierini, J. M. Duarte, N. Tran, M. Freytsis, HLS4ML LHC Jet dataset (100 particles), Zenodo (2020), "
         "doi:10.5281/zenodo.3602254; the images lie in github.com/BryPhysic/ML-jet-tag",
    data="lhc_jets_20k.npz",
    prepare=_made,
))
