"""Makes the 20,000 jets of the tables (docs/results.md) from published jet images.

    python benchmarks/make_jets20k.py IMAGES... --out lhc_jets_20k.npz [--compare FILE]

`nac data fetch lhc_jets_20k` fetches the images and does the same. IMAGES are npz files with `jetImage` and `jetClass`,
or HDF5 files of Zenodo 3602254 (`nac data fetch lhc_jets_100p`). With --compare it says whether another file holds the
same.
"""

import argparse
from pathlib import Path

import numpy as np

from nac.public.jet_images import jets


def main() -> None:
    """Make the file; exit with 1 where it differs from the one that it is compared with."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--compare", type=Path)
    arguments = parser.parse_args()
    made = jets(arguments.images)
    np.savez_compressed(arguments.out, allow_pickle=False, **made)
    print(f"{arguments.out}: {len(made['label']):,} jets")
    if arguments.compare:
        with np.load(arguments.compare, allow_pickle=False) as other:
            for name, values in made.items():
                difference = np.abs(values.astype(float) - other[name]).max()
                print(f"{name}: {'the same' if difference == 0 else f'differs by up to {difference:.2g}'}")
                if difference > (1e-3 if name == "features" else 0):
                    raise SystemExit(1)


if __name__ == "__main__":
    main()
