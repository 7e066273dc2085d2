"""The commands `gateway options`, which correct the options of a batch.

Two options may have one meaning, or a label may be wrong.
"""

import getpass
from typing import Annotated

import typer

from gateway.cli.formatting import say_moved
from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime

app = typer.Typer(
    no_args_is_help=True, help="Correct a batch's options: two with one meaning, or a wrong label."
)


@app.callback()
def options() -> None:
    """Group the commands that correct a batch's options: `same` and `label`.

    `same` counts two options with one meaning as one, and `label` corrects a wrong label.
    """


@app.command("same")
def same(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    option: Annotated[
        str, typer.Argument(metavar="OPTION", help="The id of the option to count as another.")
    ],
    same_as: Annotated[str, typer.Argument(metavar="AS", help="The id of the option that stays.")],
    reason: Annotated[str, typer.Option(help="The reason, which is kept with the correction.")],
    by: Annotated[
        str | None, typer.Option(help="Your name. Default: the user of this shell.")
    ] = None,
    json: Json = None,
) -> None:
    """Count one option as another. Answers, gold, skills and results follow.

    No paid money is taken back.
    """
    from gateway.steps.quality.corrections.correct_gold import SameOption, correct_option

    said = SameOption(batch, option, same_as, by or getpass.getuser(), reason)
    diff = with_runtime(lambda rt: correct_option(rt, said))
    if write_json(diff, json):
        return
    typer.echo(f"{diff['renamed']:,} answers of {option} are {same_as} now")
    say_moved(diff)


@app.command("label")
def label(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    option: Annotated[str, typer.Argument(metavar="OPTION", help="The option's id, which stays.")],
    text: Annotated[
        str, typer.Argument(metavar="LABEL", help="The label that workers read from now on.")
    ],
    reason: Annotated[str, typer.Option(help="The reason, which is kept with the correction.")],
    language: Annotated[str, typer.Option(help="The language of the workers who read it.")] = "en",
    misled: Annotated[
        bool,
        typer.Option(
            "--misled", help="The old label had another meaning: ask again where it was chosen."
        ),
    ] = False,
    by: Annotated[
        str | None, typer.Option(help="Your name. Default: the user of this shell.")
    ] = None,
    json: Json = None,
) -> None:
    """Correct an option's label, which every later question shows.

    No paid money is taken back.
    """
    from gateway.steps.quality.corrections.correct_label import NewLabel, correct_label

    said = NewLabel(batch, option, text, by or getpass.getuser(), reason, language, misled=misled)
    diff = with_runtime(lambda rt: correct_label(rt, said))
    if write_json(diff, json):
        return
    typer.echo(f"{option} is called {text!r} now")
    if misled:
        typer.echo(
            f"{diff['void']:,} answers are void (they stay paid); open questions are asked again"
        )
    say_moved(diff)
