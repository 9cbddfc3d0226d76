"""Jets of Zenodo: up to 100 or 150 particles of every jet, its high-level features and its image."""

from nac.public.published import SETS, PublicSet, Zenodo

CITE = (
    "M. Pierini, J. M. Duarte, N. Tran, M. Freytsis, HLS4ML LHC Jet dataset ({particles} particles), Zenodo (2020), "
    "doi:10.5281/zenodo.{record}"
)

for particles, record, size, licence in (
    (150, 3602260, "2.7 GB to train, about 1.2 GB to validate", "CC BY 4.0"),
    (100, 3602254, "some GB", "as Zenodo states it"),
):
    SETS.register(f"lhc_jets_{particles}p", PublicSet(
        title=f"880,000 jets of gluons, light quarks, W, Z and top at 1 TeV, up to {particles} particles each",
        task="jets",
        place=Zenodo(record, tuple(f"hls4ml_LHCjet_{particles}p_{part}.tar.gz" for part in ("train", "val"))),
        size=size,
        licence=licence,
        cite=CITE.format(particles=particles, record=record),
        data="train/*.h5",
        unpacked_bytes=5_000_000_000,
    ))
