"""What is done to hls4ml from outside."""

from pathlib import Path

from nac.hardware import hls4ml


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
