"""The recipes of this gateway: those that are shipped, and those of the operator.

The operator's recipes are files in `config/recipes`, in the folder of the process. A file there
takes the place of a shipped recipe of the same name.
"""

from pathlib import Path

from gateway.base.errors import Refused, SettingsError
from gateway.tasks import projects
from gateway.tasks.projects.chain import answer_numbers
from gateway.tasks.projects.recipe import Recipe, read_recipe
from gateway.tasks.values import kind_asked

FOLDER = Path("config/recipes")
_HERE = Path(projects.__file__)


def shipped() -> Path:
    """Return the folder of the shipped recipes: inside an installed package, else `config`."""
    installed = _HERE.parent / "shipped"
    return installed if installed.is_dir() else _HERE.parents[3] / FOLDER


def recipe_files() -> dict[str, Path]:
    """Return the file of each recipe by its name, in the order of the names."""
    found = {path.stem: path for folder in (shipped(), FOLDER) for path in folder.glob("*.toml")}
    return dict(sorted(found.items()))


def find_recipe(name: str) -> tuple[Recipe, str]:
    """Return a recipe and its text.

    Raises Refused for an unknown name, and SettingsError for an operator's file that is wrong.
    """
    files = recipe_files()
    if name not in files:
        raise Refused(f"no recipe {name!r}; there is: {', '.join(files)}", field="recipe")
    try:
        return checked_file(files[name])
    except Refused as bad:
        raise SettingsError(f"{files[name]}: {bad}; `gateway recipes check` tells more") from bad


def checked_file(path: Path) -> tuple[Recipe, str]:
    """Return the recipe in a file and its text. Raises Refused naming the key and the rule."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as bad:
        raise Refused(f"recipe {path.stem}: the file cannot be read as UTF-8 text: {bad}") from bad
    recipe = read_recipe(path.stem, text)
    kind_asked(recipe.task.kind, recipe.task.value)
    for key, policy in (("task.policy", recipe.task.policy), *_check_policy(recipe)):
        try:
            answer_numbers(policy, 0.0)
        except Refused as bad:
            raise Refused(f"recipe {recipe.name}, {key}: {bad}", field=key) from bad
    return recipe, text


def _check_policy(recipe: Recipe) -> list[tuple[str, str]]:
    return [("check.policy", recipe.check.policy)] if recipe.check else []


def all_recipes() -> list[Recipe]:
    """Return all recipes that are right. A wrong file of the operator hides no other one."""
    found = list[Recipe]()
    for name in recipe_files():
        try:
            found.append(find_recipe(name)[0])
        except SettingsError:
            continue
    return found
