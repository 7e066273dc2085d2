"""The command `gateway fields`, which shows how well the fields of records are keyed."""

from typing import Annotated

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime


def fields(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    json: Json = None,
) -> None:
    """Show agreement and error rates of a data entry, per field and per worker."""
    from gateway.steps.quality.keying.field_errors import EntryFigures, field_errors

    found = with_runtime(lambda rt: field_errors(rt, batch))
    if write_json(found, json):
        return

    def told(name: str, one: EntryFigures, more: str = "") -> None:
        agreed = f"{one['agreed']} of {one['keyed_twice']} agree"
        errors = [
            f"{what} {each['wrong']} of {each['seen']} wrong ({100 * each['least']:.2f} to "
            f"{100 * (each['most'] or 0.0):.2f} %)"
            for what, each in (("gold", one["gold"]), ("settled", one["settled"]))
            if each["least"] is not None
        ]
        typer.echo(f"{name}: {one['entries']} entries; {'; '.join([agreed, *errors])}{more}")

    for name, one in found["fields"].items():
        told(f"field {name}", one)
    for each in found["workers"]:
        alone = ", keys alone" if each["keys_alone"] else ""
        limit = (
            f"; error {100 * each['error']:.2f} %, at most {100 * each['error_limit']:.2f} %{alone}"
        )
        told(f"worker {each['worker']}", each, limit)
