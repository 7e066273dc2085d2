"""The command `gateway explain`, which shows how the result of one task came about."""

from typing import Annotated, Any

import typer

from gateway.cli.json_output import Json, write_json
from gateway.cli.serving import with_runtime


def explain(
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch's id (b_...).")],
    task: Annotated[str, typer.Argument(metavar="TASK", help="The client's id of the task.")],
    json: Json = None,
) -> None:
    """Show the whole story of one task: questions, answers, verdicts and the decision."""
    from gateway.steps.quality.task_history import task_story as story_of

    story = with_runtime(lambda rt: story_of(rt, batch, task))
    if write_json(story, json):
        return
    typer.echo(f"{story['task']}: {story['text']}  (policy {story['policy']})")
    for one in story["switched"]:
        typer.echo(f"  rule {one['version']} from {one['at']} on, by {one['by']}: {one['reason']}")
    if story["kept_for"]:
        typer.echo(f"  kept for the workers of {story['kept_for']}")
    for one in story["asked"]:
        arrived = f", delivered {one['delivered_at']}" if one["delivered_at"] else ""
        typer.echo(
            f"  asked worker {one['worker']} by {one['via']} at {one['at']}{arrived}: {one['became']}"
        )
    for one in story["answers"]:
        today = " today" if one["skill_as_of"] == "today" else ""
        typer.echo(
            f"  worker {one['worker']} (skill{today} {one['skill']}, at least {one['skill_at_least']}) said {one['said']!r} = "
            f"{one['value']}{_judged(one)}{'; void since its label was corrected' if one['void'] else ''}"
        )
        for again in one["judged"][1:]:
            typer.echo(
                f"    judged again at {again['at']} by rule {again['ruling']}, skills {_list(again['skills'])}: "
                f"{again['best']} at {again['confidence']}: {again['verdict']}"
            )
    for one in story["corrections"]:
        typer.echo(
            f"  corrected at {one['at']} by {one['by']}: {one['was']} -> {one['becomes']}, {one['reason']}"
        )
    if story["waits_for"]:
        typer.echo(
            f"  waits for a worker of a skill of {story['waits_for']['skill']:.3f}, until {story['waits_for']['until']}"
        )
    sure = "" if story["confidence"] is None else f" at {story['confidence']:.4f}{_checked(story)}"
    who = f", by {story['decided_by']}" if story["decided_by"] else ""
    version = f" {story['ruling']}" if story["ruling"] else ""
    typer.echo(
        f"  now {story['state']}: {story['value']}{sure} (rule {story['rule']}{version}{who})"
    )


def _checked(story: dict[str, Any]) -> str:
    """Return a remark if no answer leads, and whether gold has checked the confidence."""
    from gateway.steps.quality.confidences import in_words

    return f"{', a tie' if story['tied'] else ''}{in_words(story)}"


def _judged(answer: dict[str, Any]) -> str:
    """Return the judge's verdict on the answers so far, with the skills known at that time."""
    if not answer["judged"]:
        return "; more answers were wanted anyway"
    skills = _list(answer["judged"][0]["skills"])
    wanted = f" (of a skill of {answer['skill_wanted']} at least)" if answer["skill_wanted"] else ""
    return f"; then, skills {skills}: {answer['best_so_far']} at {answer['confidence']}: {answer['verdict']}{wanted}"


def _list(skills: list[float]) -> str:
    return ", ".join(f"{skill:.3f}" for skill in skills)
