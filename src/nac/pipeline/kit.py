"""What the verbs on kits do: export, verify."""

from pathlib import Path

from rich.console import Console

from nac.design import Design
from nac.hardware.kit.pack import KitRecord, pack
from nac.hardware.kit.verify import Check, verify_kit
from nac.pipeline.progress import teller


def export_design(path: Path, to: Path, console: Console) -> KitRecord:
    """Pack the kit of a design. Raises InputError where the folder is not empty or the design has no firmware."""
    design = Design.load(path)
    with console.status(f"kit of {design.record.name}"):
        return pack(design, to)


def verify_folder(path: Path, console: Console) -> list[Check]:
    """Run the checks of a kit. Raises InputError for what is none, WorkError where a check fails."""
    with console.status(str(path)) as status:
        say = teller(console, status.update)
        return verify_kit(path, lambda what: say(f"{path}: {what}"))
