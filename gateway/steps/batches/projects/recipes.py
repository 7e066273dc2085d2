"""The recipes of this gateway: those that are shipped, and those of the operator.

The operator's recipes are files in `config/recipes`, in the folder of the process. A file there
takes the place of a shipped recipe of the same name. The shipped recipes are in `config/recipes` of
the sources, and in `gateway/recipes` of an installed package.
"""

from pathlib import Path

import gateway
from gateway.base.errors import Refused, SettingsError
from gateway.tasks.projects.recipe import Recipe, read_recipe

FOLDER = Path("config/recipes")
_PACKAGE = Path(gateway.__file__).parent


def recipe_files() -> dict[str, Path]:
    """Return the file of each recipe by its name, in the order of the names."""
    packaged = _PACKAGE / "recipes"
    shipped = packaged if packaged.is_dir() else _PACKAGE.parent / FOLDER
    found = {path.stem: path for folder in (shipped, FOLDER) for path in folder.glob("*.toml")}
    return dict(sorted(found.items()))


def find_recipe(name: str) -> tuple[Recipe, str]:
    """Return a recipe and its text.

    Raises Refused for an unknown name, and SettingsError for an operator's file that is wrong.
    """
    files = recipe_files()
    if name not in files:
        raise Refused(f"no recipe {name!r}; there is: {', '.join(files)}", field="recipe")
    try:
        text = files[name].read_text(encoding="utf-8")
        return read_recipe(name, text), text
    except (OSError, UnicodeDecodeError, Refused) as bad:
        raise SettingsError(f"{files[name]}: {bad}; gateway recipes check tells more") from bad


def all_recipes() -> list[Recipe]:
    """Return all recipes that are right. A wrong file of the operator hides no other one."""
    found = list[Recipe]()
    for name in recipe_files():
        try:
            found.append(find_recipe(name)[0])
        except SettingsError:
            continue
    return found
