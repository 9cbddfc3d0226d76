"""Canaries: hls4ml still writes what is mended here, and the mended scripts are the same wherever they were written."""

from importlib import metadata
from pathlib import Path

from nac.config import TargetConfig
from nac.hardware.hls import hls4ml
from nac.hardware.hls.backends import backend_for
from nac.hardware.onnx.export import load_model
from nac.hardware.onnx.read import read_circuit

MODEL = Path(__file__).resolve().parents[2] / "hls_projects" / "jets" / "model.onnx"


def test_the_version_is_the_one_that_was_looked_into() -> None:
    assert metadata.version("hls4ml") == hls4ml.VERSION, "do `hls4ml.py`, `layers.py` and `stream_product.py` hold?"


def test_its_scripts_still_need_what_is_mended(tmp_path: Path) -> None:
    circuit, target = read_circuit(load_model(MODEL)), TargetConfig()
    model, layers = hls4ml.convert(circuit, target, backend_for(circuit, target), tmp_path / "raw", "top")
    made = {layer.name for layer in model.get_layers()}
    assert {layer["name"] for layer in layers.layers} <= made, "raw layers become layers under their names"
    with hls4ml.quiet():
        model.write()
    script = (tmp_path / "raw" / "build_lib.sh").read_bytes()
    for fault in (hls4ml.BASEDIR, hls4ml.WEIGHTS_DIR):
        assert fault in script, "build_lib.sh of this hls4ml is another: what of it is still to be mended?"
    assert str(tmp_path).encode() in (tmp_path / "raw" / "hls4ml_config.yml").read_bytes()
    written = []
    for name in ("one", "another"):
        again, _ = hls4ml.convert(circuit, target, backend_for(circuit, target), tmp_path / name, "top")
        hls4ml.write(again, tmp_path / name)
        files = [file for file in sorted((tmp_path / name).rglob("*")) if file.is_file()]
        written.append({str(file.relative_to(tmp_path / name)): file.read_bytes() for file in files})
    assert written[0] == written[1], "the same model gives the same project, wherever and whenever"
    assert hls4ml.BASEDIR not in written[0]["build_lib.sh"]


def test_a_stamp_that_looks_like_a_number_leaves_no_trace(tmp_path: Path) -> None:
    made = []
    for name, stamp, written in (("word", "1ab45678", "1ab45678"), ("number", "12345678", "'12345678'")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "hls4ml_config.yml").write_text(f"Backend: Vitis\nStamp: {written}\n")
        (folder / "build_lib.sh").write_text(f"LIB_STAMP={stamp}\n")
        hls4ml._make_reproducible(folder)
        made.append({file.name: file.read_text() for file in folder.iterdir()})
    assert made[0] == made[1]
