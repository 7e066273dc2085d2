"""The commands `gateway recipes`, which list, print and check the recipes of projects."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.json_output import Json, write_json

app = typer.Typer(
    no_args_is_help=True, help="List, print and check recipes, by which projects are made."
)


@app.command("list")
def listed(json: Json = None) -> None:
    """List the recipes of this gateway, with their parameters."""
    from gateway.steps.batches.projects.recipes import all_recipes

    found = all_recipes()
    rows = [
        {
            "name": each.name,
            "title": each.title,
            "source": each.source,
            "parameters": {name: one.about for name, one in each.parameters.items()},
        }
        for each in found
    ]
    if write_json(rows, json):
        return
    for each in found:
        typer.echo(f"{each.name:<18} {each.source:<6} {each.title}")
        for name, one in each.parameters.items():
            needed = " (required)" if one.default is None else ""
            typer.echo(f"    {name}{needed}: {one.about}")


@app.command("show")
def show(
    recipe: Annotated[str, typer.Argument(help="The recipe's name, as `recipes list` says it.")],
) -> None:
    """Print a recipe's file, to be copied into config/recipes under another name and changed."""
    from gateway.steps.batches.projects.recipes import find_recipe

    sys.stdout.write(find_recipe(recipe)[1])


@app.command("check")
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Recipes (.toml). Default: all recipes of this gateway.", metavar="FILE..."
        ),
    ] = None,
    json: Json = None,
) -> None:
    """Check recipes, and name the key and the rule of the first fault of each.

    Exits with 1 if one is wrong.
    """
    from gateway.base.errors import Refused
    from gateway.steps.batches.projects.recipes import checked_file, recipe_files

    found = list[dict[str, str]]()
    for path in files or recipe_files().values():
        try:
            checked_file(path)
            found.append({"file": str(path), "fault": ""})
        except Refused as bad:
            found.append({"file": str(path), "fault": str(bad)})
    if not write_json(found, json):
        for each in found:
            typer.echo(f"{each['file']}: {each['fault'] or 'right'}")
    if any(each["fault"] for each in found):
        raise typer.Exit(1)
