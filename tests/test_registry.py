"""Names that anybody may add to."""

import importlib
import sys
from functools import partial
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import nac.registry
from nac.errors import InputError
from nac.registry import Registry, keywords, require_keywords, resolve


@pytest.fixture
def colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry[str]:
    """A kind with two members at home, one of a plug-in and one whose plug-in is broken."""
    home = tmp_path / "colours_home"
    home.mkdir()
    (home / "__init__.py").write_text("from nac.registry import Registry\nCOLOURS = Registry('colour', __name__)\n")
    for name in ("red", "green"):
        (home / f"{name}.py").write_text(f"from colours_home import COLOURS\nCOLOURS.register('{name}', '{name}!')\n")
    (tmp_path / "colours_plugin.py").write_text("blue = 'blue!'\n")
    monkeypatch.syspath_prepend(tmp_path)
    points = [EntryPoint("blue", "colours_plugin:blue", "nac.colour"), EntryPoint("grey", "no_module:x", "nac.colour")]
    monkeypatch.setattr(nac.registry, "entry_points", lambda group: [p for p in points if p.group == group])
    for module in ("colours_home", "colours_home.red", "colours_home.green", "colours_plugin"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    found: Registry[str] = importlib.import_module("colours_home").COLOURS

    return found


def test_modules_at_home_and_plugins_are_known(colours: Registry[str]) -> None:
    assert sorted(colours) == ["blue", "green", "grey", "red"]
    assert (colours["red"], colours["blue"]) == ("red!", "blue!")


def test_a_broken_plugin_breaks_only_itself(colours: Registry[str]) -> None:
    assert colours["green"] == "green!"
    with pytest.raises(InputError, match="colour 'grey' of the plug-in no_module:x: ModuleNotFoundError"):
        colours["grey"]


def test_unknown_names_get_the_list(colours: Registry[str]) -> None:
    with pytest.raises(InputError, match="unknown colour 'pink', known: blue, green, grey, red"):
        colours["pink"]
    with pytest.raises(ValueError, match="unknown colour 'pink', known: blue, green, grey, red"):
        colours.check("pink")
    assert "pink" not in colours
    assert colours.check("blue") == "blue"


def test_registered_in_a_running_program(colours: Registry[str]) -> None:
    assert colours.register("own")("own!") == "own!"
    assert colours["own"] == "own!"
    with pytest.raises(ValueError, match="there are two of colour 'red'"):
        colours.register("red", "another")


def test_families_make_members_of_their_argument(colours: Registry[str]) -> None:
    @colours.family("grey")
    def grey(share: str) -> str:
        return f"{float(share):.0%} grey!"

    assert colours.check("grey@0.5") == "grey@0.5"
    assert colours["grey@0.5"] == "50% grey!"
    assert "grey@0.5" in colours
    assert "grey@0.5" not in list(colours), "what is listed does not depend on what was asked for before"
    with pytest.raises(ValueError, match="could not convert"):
        colours.check("grey@dark")
    with pytest.raises(InputError, match="colour 'grey@dark': could not convert"):
        colours["grey@dark"]
    with pytest.raises(InputError, match="unknown colour 'brown@1', known: blue, green, grey, red, grey@"):
        colours["brown@1"]
    with pytest.raises(ValueError, match="two families of colour 'grey'"):
        colours.family("grey")(str)


class _Paint:
    def __init__(self, colour: str = "red", *, gloss: float = 0.0) -> None: ...


class _Spray(_Paint):
    def __init__(self, litres: float = 1.0, **others: object) -> None: ...


def test_parameters_are_those_of_the_function_and_what_it_hands_on() -> None:
    assert keywords(_Paint) == ("colour", "gloss")
    assert keywords(_Spray) == keywords(partial(_Spray, litres=2.0)) == ("litres", "colour", "gloss")
    assert keywords(lambda x, /, *, y, **others: None) is None
    require_keywords("spray", _Spray, ["gloss"])
    with pytest.raises(ValueError, match="spray has no parameter 'width', expected some of: litres, colour, gloss"):
        require_keywords("spray", _Spray, ["gloss", "width"])


def test_registries_are_found_from_below() -> None:
    assert "lamp" in resolve("nac.compress.pruners:PRUNERS")
