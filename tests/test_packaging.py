"""What is installed: one name, one version, the files of the package, and no other project's name in a message."""

import re
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
import yaml

import nac

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TEXTS = [
    path
    for folder in ("src", "tasks", "search_spaces", "docs", "notebooks", ".ci", "examples", "benchmarks")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".md", ".yaml", ".ipynb", ""} and path.is_file() and "_build" not in path.parts
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "-w", folder, ROOT], check=True)
    (file,) = folder.iterdir()
    return zipfile.ZipFile(file)


def test_the_wheel_has_a_free_name_the_one_version_and_all_files(wheel: zipfile.ZipFile) -> None:
    info = f"nac_codesign-{nac.__version__}.dist-info"
    about = message_from_bytes(wheel.read(f"{info}/METADATA"))
    assert (about["Name"], about["Version"]) == ("nac-codesign", nac.__version__)
    assert "nac = nac.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    names = set(wheel.namelist())
    for folder in ("tasks", "search_spaces"):
        for path in (ROOT / folder).glob("*.yaml"):
            assert f"nac/_files/{folder}/{path.name}" in names
    for path in (ROOT / "src" / "nac").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert f"nac/{path.relative_to(ROOT / 'src' / 'nac')}" in names


def test_the_version_stands_in_one_place() -> None:
    assert PYPROJECT["project"]["dynamic"] == ["version"]
    assert "version" not in yaml.safe_load((ROOT / "CITATION.cff").read_text())
    changes = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert nac.__version__ in changes[:2]


def test_no_message_installs_another_project() -> None:
    extras = set(PYPROJECT["project"]["optional-dependencies"])
    for path in (ROOT / "README.md", *TEXTS):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not re.search(r"pip install (-\S+ )*['\"]?nac(\[|['\"]|\s*$)", line), f"{path}: {line}"
            assert set(re.findall(r"nac-codesign\\*\[(\w+)", line)) <= extras, f"{path}: {line}"


def test_the_workflow_runs_what_the_readme_says() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    assert "make test" in [step.get("run") for step in workflow["jobs"]["test"]["steps"]]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert [hook["id"] for hook in hooks] == ["ruff", "mypy"]
