"""A kit from a design to another folder, where it is checked without that design."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sheets import design_of_way, raw_samples

from nac.design import Design, record_failure
from nac.errors import InputError, WorkError
from nac.hardware.kit.pack import pack, sums
from nac.hardware.kit.verify import verify_kit
from nac.hardware.report import synthesise
from nac.hardware.rtl import tools

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Design:
    """Jets, with firmware."""
    made = design_of_way(tmp_path_factory.mktemp("it's designs"), "log", 3)
    x = made.record.preprocessing.apply(raw_samples(made, 60))
    report = synthesise(made, made.record.task.target, check_inputs=x, simulation=False, synthesis=False, vhdl=True)
    assert report.rtl_vhdl is None  # nothing is simulated
    return made


@pytest.fixture(scope="module")
def packed(design: Design, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kits") / "kit"
    pack(design, folder)
    return folder


@pytest.fixture
def kit(packed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(packed, tmp_path / "handed over"))


@pytest.mark.slow
def test_a_kit_is_checked_anywhere(kit: Path) -> None:
    checks = {check.name: check for check in verify_kit(kit)}
    assert [*checks] == ["hashes", "reference.py", "reference.hpp", "RTL, valid", "RTL, axis", "RTL, answer_axis",
                         "RTL in VHDL, axis", "RTL in VHDL, answer_axis", "HLS"]
    simulator = tools.verilator() or tools.iverilog()
    there: dict[str, object] = {"RTL in VHDL, axis": tools.ghdl(), "RTL, axis": simulator, "RTL, valid": simulator,
                                "RTL, answer_axis": simulator, "RTL in VHDL, answer_axis": tools.ghdl()}  # fmt: skip
    for name, check in checks.items():
        assert bool(check.passed) == (there.get(name, True) is not None), check
        assert "1060" in check.passed or name == "hashes" or check.skipped
    assert sums(kit) == (kit / "SHA256SUMS").read_text()  # nothing was left behind


def test_every_file_is_explained_or_lies_in_a_folder_that_is(kit: Path) -> None:
    guide = (kit / "README.md").read_text()
    for file in kit.iterdir():
        assert f"`{file.name}" in guide or file.name in {"README.md", "kit.json"}, file
    assert "$" not in guide + (kit / "LICENSES.md").read_text()
    for name in (kit / "LICENSES.md").read_text().split("`")[1::2]:
        if "/" in name and "." not in name:
            assert (kit / name).exists(), name


def test_the_makefile_checks_with_the_plain_tools(kit: Path) -> None:
    goals = ["check", "reference", *(["icarus"] if tools.iverilog() else []), *(["ghdl"] if tools.ghdl() else [])]
    here = kit.rename(kit.parent / "it's a $kit")
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(["make", f"PYTHON={sys.executable}", *goals], cwd=here, capture_output=True, text=True,
                          env=environment, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    said = (done.stdout + done.stderr).splitlines()
    assert sum(line.strip().startswith("PASS: ") or " PASS: " in line for line in said) == len(goals)
    assert sum("PASS: 1060 results equal" in line for line in said) == len(goals) - 1


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(
    ("what", "said"),
    [("cocotb", 'cocotb is not installed: pip install "cocotb>=2"'),
     ("ghdl", "no VHDL in this kit (nac synth --language vhdl)")],
)  # fmt: skip
def test_the_makefile_says_what_is_not_there(kit: Path, tmp_path: Path, what: str, said: str) -> None:
    shutil.rmtree(kit / "rtl" / "vhdl")
    for tool in ("make", "sh"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(["make", what], cwd=kit, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr


def test_another_network_in_the_kit_is_found(kit: Path) -> None:
    file = kit / "reference" / "network.json"
    file.write_text(file.read_text().replace("1", "2", 1))
    with pytest.raises(WorkError, match=r"network\.json: is not what was packed"):
        verify_kit(kit)
    (kit / "SHA256SUMS").write_text(sums(kit))
    with pytest.raises(WorkError):
        verify_kit(kit)
    file.unlink()
    with pytest.raises(WorkError, match="is missing from the kit"):
        verify_kit(kit)


@pytest.mark.parametrize("left", [0, 5, 1000])
def test_a_list_of_hashes_that_was_cut_is_found(kit: Path, left: int) -> None:
    listed = (kit / "SHA256SUMS").read_text()
    (kit / "SHA256SUMS").write_text(listed[:left])
    with pytest.raises(WorkError, match=r"SHA256SUMS: has \d+ lines, expected those of \d+ files"):
        verify_kit(kit)
    (kit / "SHA256SUMS").write_text(listed.replace("  ", " ", 1))
    with pytest.raises(WorkError, match="SHA256SUMS: expected a hash and a file in every line"):
        verify_kit(kit)


@pytest.mark.parametrize("name", ["outputs.txt", "answers.txt"])
def test_a_wrong_answer_in_the_vectors_is_found(kit: Path, name: str) -> None:
    file = kit / "reference" / name
    first = file.read_text().split()[0]
    file.write_text(f"{int(float(first)) + 1}{file.read_text().removeprefix(first)}")
    (kit / "SHA256SUMS").write_text(sums(kit))
    with pytest.raises(WorkError, match="FAIL: 1 of 1060 results differ"):
        verify_kit(kit)


def test_only_a_kit_is_verified_and_only_firmware_is_packed(design: Design, kit: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no kit"):
        verify_kit(tmp_path)
    with pytest.raises(InputError, match="is not empty"):
        pack(design, kit)
    with pytest.raises(InputError, match=r"README.md/kit: cannot be written"):
        pack(design, kit / "README.md" / "kit")
    fresh = design_of_way(tmp_path, "log", 3)
    with pytest.raises(InputError, match="has no verified firmware yet"):
        pack(fresh, tmp_path / "new")
    record_failure(fresh.path, "synth", WorkError("no"))
    with pytest.raises(InputError, match="has no verified firmware yet"):
        pack(fresh, tmp_path / "new")
    assert not (tmp_path / "new").exists()
