"""The arrangement of `gateway --help`: commands by subject, in the order of first use."""

from collections.abc import Mapping
from typing import Final

import typer
from typer._click.core import Context  # typer's own groups are written with this type
from typer.core import TyperGroup

from gateway.cli.examples import add_examples

START: Final = """\
Start here:
gateway demo --quick      real answers, simulated phones, half a minute
gateway up                everything on this machine, with phones to click
gateway COMMAND --help    what a command does, with an example"""

SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Try it": ("demo", "up", "crowd", "replay", "sms", "qa", "operators", "fill", "bench"),
    "Run it": (
        "doctor",
        "api",
        "runner",
        "ticker",
        "test-gateway",
        "migrate",
        "backup",
        "restore",
        "secret",
        "channels",
    ),
    "Watch it": (
        "fairness",
        "impact",
        "fairwork",
        "inbox",
        "outbox",
        "weekly",
        "archive",
        "phrases",
    ),
    "Training": ("lessons", "card"),
    "Clients, partners, coordinators, workers": (
        "client",
        "partner",
        "coordinator",
        "worker",
        "moves",
    ),
    "Batches and their results": (
        "batch",
        "explain",
        "fields",
        "review",
        "appeals",
        "reviewers",
        "audit",
        "gold",
        "options",
        "findings",
    ),
    "Projects": ("project", "recipes"),
    "Money": (
        "payouts",
        "holds",
        "approvals",
        "persons",
        "manual",
        "statements",
        "ledger",
        "wind-down",
    ),
}


class BySubject(TyperGroup):
    """The group of all commands, listed in the order of `SUBJECTS`."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Return the names by subject. A command without a subject stands last."""
        order = [name for names in SUBJECTS.values() for name in names]
        return sorted(
            self.commands, key=lambda name: order.index(name) if name in order else len(order)
        )


def arrange(app: typer.Typer) -> None:
    """Give each command its panel in `gateway --help`, and its examples in its own help."""
    subject_of = {name: subject for subject, names in SUBJECTS.items() for name in names}
    for one in (*app.registered_commands, *app.registered_groups):
        name = one.name or getattr(one.callback, "__name__", "")
        one.rich_help_panel = subject_of.get(name)
    add_examples(app)
