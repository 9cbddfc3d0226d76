"""Tables in files: CSV with any separator, TSV, ARFF, parquet, records in npy; text also packed. Read by pandas."""

import bz2
import csv
import gzip
import io
import lzma
import re
import zlib
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import numpy as np
import pandas as pd

from nac.errors import InputError
from nac.tasks.files import check_exists
from nac.tasks.formats import NPY_MAGIC

TABLE_BYTES = 2 << 30
FORMATS = {".arff": "ARFF", ".csv": "CSV", ".tsv": "CSV", ".parquet": "parquet", ".pq": "parquet", ".npy": "npy"}
PACKED = (".gz", ".bz2", ".xz")
MAGIC: dict[bytes, ModuleType] = {b"\x1f\x8b": gzip, b"BZh": bz2, b"\xfd7zXZ\x00": lzma}
SEPARATORS = ",;\t| "
SNIFFED_BYTES, SNIFFED_LINES = 1 << 16, 50
SHOWN_ROWS = 1000
UNREADABLE = (ValueError, OSError, EOFError, OverflowError, MemoryError, TypeError, csv.Error, lzma.LZMAError,
              zlib.error)


def table_format(path: Path) -> str | None:
    """What kind of table a file is: by its name, npy by its records. None when it is none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    kind = FORMATS.get(suffixes[-1]) if suffixes else None
    return None if kind == "npy" and not _holds_records(path) else kind


def read_table(path: Path, rows: int | None = None) -> pd.DataFrame:
    """The table in a file, or its first `rows`. Raises InputError when it cannot be parsed.

    The first column of a CSV is left out when it has no name: pandas writes its row numbers there.
    """
    check_exists(path)
    kind = table_format(path)
    try:
        _check_size(path)
        if kind == "parquet":
            return pd.read_parquet(path).head(rows) if rows else pd.read_parquet(path)
        if kind == "npy":
            return pd.DataFrame(np.load(path, mmap_mode="r", allow_pickle=False)[:rows])
        with _unpacked(path) as file:
            if kind == "ARFF":
                names, first = arff_header(path)
                return pd.read_csv(file, skiprows=first, header=None, names=names, comment="%", na_values="?",
                                   nrows=rows, skipinitialspace=True, quotechar="'")
            separator, decimal = _dialect(path)
            table = pd.read_csv(file, sep=separator, decimal=decimal, skipinitialspace=True, nrows=rows)
    except ImportError as error:
        raise InputError(f"{path}: reading parquet needs pyarrow (pip install pyarrow), or give ARFF or CSV") from error
    except UNREADABLE as error:
        detail = " ".join(str(error).split())[:160]
        raise InputError(f"{path}: cannot be read as {kind} table ({detail})") from error
    return table.iloc[:, 1:] if len(table.columns) and str(table.columns[0]) == "Unnamed: 0" else table


def arff_header(path: Path) -> tuple[list[str], int]:
    """Names of the attributes of an ARFF file and the number of lines before its data, which pandas reads.

    scipy.io.arff refuses attributes of text and packed files, and reads every line in Python.

    Raises:
        InputError: there is no `@data`, or the data are sparse.
    """
    names: list[str] = []
    with io.TextIOWrapper(_unpacked(path), encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(iter(lambda: file.readline(1 << 20), ""), start=1):
            word = line.strip().split(None, 1)
            if not word:
                continue
            if word[0].lower() == "@attribute" and len(word) > 1:
                rest = next(csv.reader([word[1].replace("\t", " ")], delimiter=" ", quotechar=word[1][0]))[0] \
                    if word[1][0] in "'\"" else word[1].split()[0]
                names.append(rest)
            elif word[0].lower() == "@data":
                if not names or file.readline(1 << 20).lstrip().startswith("{"):
                    raise InputError(f"{path}: is sparse ARFF or names no attribute, expected dense ARFF")
                return names, number
            if number > 100_000:
                break
    raise InputError(f"{path}: has no '@data' line, expected an ARFF table")


def _dialect(path: Path) -> tuple[str, str]:
    """Separator and decimal sign of a CSV, as its first lines have them."""
    with _unpacked(path) as file:
        lines = file.read(SNIFFED_BYTES).decode("utf-8", errors="replace").splitlines()[:SNIFFED_LINES]
    text = "\n".join(lines)
    try:
        separator = csv.Sniffer().sniff(text, SEPARATORS).delimiter
    except csv.Error:  # a single column has none
        separator = ","
    comma = separator != "," and re.search(r"\d,\d", text) and not re.search(r"\d\.\d", text)
    return r"\s+" if separator == " " else separator, "," if comma else "."


def _check_size(path: Path) -> None:
    """Raises InputError when a table is too large to be kept whole, however small it was packed."""
    size = path.stat().st_size
    if size <= TABLE_BYTES and _packing(path) is not io:
        size = 0
        with _unpacked(path) as file:
            while size <= TABLE_BYTES and (piece := file.read(1 << 20)):
                size += len(piece)
    if size > TABLE_BYTES:
        raise InputError(f"{path}: has more than {TABLE_BYTES >> 30} GiB, expected npz or HDF5 for so much data")


def _packing(path: Path) -> ModuleType:
    """The module that opens a file."""
    with path.open("rb") as file:
        magic = file.read(6)
    return next((module for start, module in MAGIC.items() if magic.startswith(start)), io)


def _unpacked(path: Path) -> BinaryIO:
    file: BinaryIO = _packing(path).open(path, "rb")
    return file


def _holds_records(path: Path) -> bool:
    """Whether an npy file is of rows with named fields."""
    try:
        with path.open("rb") as file:
            if file.read(len(NPY_MAGIC)) != NPY_MAGIC:
                return False
        return np.load(path, mmap_mode="r", allow_pickle=False).dtype.names is not None
    except (OSError, ValueError, EOFError):
        return False
