"""The verbs of `gateway-client batch` that change a batch during its life."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway_client.client import Client
from gateway_client.life import Change
from gateway_client.money import figure


def add_verbs(verbs: Any) -> None:
    """Add the verbs to the parser of `gateway-client batch`."""
    edit = verbs.add_parser("edit", help="change fields of a draft, or the labels of any batch")
    edit.add_argument("batch")
    edit.add_argument(
        "fields", nargs="+", metavar="NAME=VALUE", help="like price=6 or policy=dynamic"
    )
    edit.set_defaults(does=_edit)
    delete = verbs.add_parser("delete", help="delete a draft with its tasks")
    delete.add_argument("batch")
    delete.set_defaults(does=_delete)
    copy = verbs.add_parser("copy", help="make a draft with the settings of a batch")
    copy.add_argument("batch")
    copy.add_argument("--tasks", action="store_true", help="copy its tasks and gold, too")
    copy.add_argument("--name", help="default: the name of the batch")
    copy.set_defaults(does=_copy)
    add = verbs.add_parser("add", help="add a file of tasks to a draft or an open batch")
    add.add_argument("batch")
    add.add_argument("file", help="CSV, XLSX or JSON with the columns id and text")
    add.set_defaults(does=_add)
    extend = _changing(verbs, "extend", "ask for more answers, or move the deadline", _extend)
    extend.add_argument("--answers", type=int, help="further answers for each task")
    extend.add_argument("--maximum", type=int, help="the most answers of a task")
    extend.add_argument("--all", action="store_true", help="decided tasks too")
    extend.add_argument("--deadline", help='like 2026-12-24T18:00:00Z, or "none"')
    reopen = _changing(verbs, "reopen", "open decided tasks for more answers", _reopen)
    reopen.add_argument("tasks", nargs="+", metavar="TASK")
    reopen.add_argument("--answers", type=int, default=1, help="further answers for each of them")
    cancel = _changing(verbs, "cancel-tasks", "ask no more workers for these tasks", _cancel_tasks)
    cancel.add_argument("tasks", nargs="+", metavar="TASK")
    price = _changing(verbs, "price", "raise the price for workers not asked yet", _price)
    price.add_argument("price", help="for each answer, like 6 or 6.50")
    for verb, does, told in (
        ("pause", _pause, "ask no more questions until start"),
        ("cancel", _cancel, "end a batch for good"),
        ("finish", _finish, "end the adding of tasks to an open batch"),
        ("history", _history, "list what was done to a batch"),
    ):
        one = verbs.add_parser(verb, help=told)
        one.add_argument("batch")
        one.set_defaults(does=does)


def _changing(verbs: Any, verb: str, told: str, does: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(verb, help=told)
    parser.add_argument("batch")
    parser.add_argument("--dry-run", action="store_true", help="show the cost and change nothing")
    parser.set_defaults(does=does)
    return parser


def _edit(client: Client, given: argparse.Namespace) -> None:
    client.edit(given.batch, **dict(map(named_value, given.fields)))
    print(f"batch {given.batch} is changed")


def named_value(written: str) -> tuple[str, Any]:
    """Return a field written as name=value; the value may be JSON."""
    name, _, value = written.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _delete(client: Client, given: argparse.Namespace) -> None:
    client.delete(given.batch)
    print(f"draft {given.batch} is deleted")


def _copy(client: Client, given: argparse.Namespace) -> None:
    print(f"draft {client.copy(given.batch, tasks=given.tasks, name=given.name)}")


def _add(client: Client, given: argparse.Namespace) -> None:
    print(f"{client.add(given.batch, Path(given.file))} tasks are added")


def _extend(client: Client, given: argparse.Namespace) -> None:
    more: dict[str, Any] = {
        name: value
        for name, value in (("answers", given.answers), ("maximum", given.maximum))
        if value is not None
    }
    if given.all:
        more["tasks"] = "all"
    if given.deadline is not None:
        more["deadline"] = None if given.deadline == "none" else given.deadline
    _tell(client, given.batch, client.extend(given.batch, dry_run=given.dry_run, **more))


def _reopen(client: Client, given: argparse.Namespace) -> None:
    done = client.reopen(given.batch, given.tasks, answers=given.answers, dry_run=given.dry_run)
    _tell(client, given.batch, done)


def _cancel_tasks(client: Client, given: argparse.Namespace) -> None:
    _tell(client, given.batch, client.cancel_tasks(given.batch, given.tasks, dry_run=given.dry_run))


def _price(client: Client, given: argparse.Namespace) -> None:
    _tell(client, given.batch, client.raise_price(given.batch, given.price, dry_run=given.dry_run))


def _pause(client: Client, given: argparse.Namespace) -> None:
    client.pause(given.batch)
    print(f"batch {given.batch} pauses")


def _cancel(client: Client, given: argparse.Namespace) -> None:
    client.cancel(given.batch)
    print(f"batch {given.batch} is cancelled")


def _finish(client: Client, given: argparse.Namespace) -> None:
    client.finish(given.batch)
    print(f"batch {given.batch} takes no more tasks")


def _tell(client: Client, batch: str, change: Change) -> None:
    print(f"{'would' if change.dry_run else 'did'}: {change.what}  {_told(change.after)}")
    cost = figure(change.cost_minor, change.currency, signed=True)
    print(f"cost: {cost} {change.currency}" + ("" if change.enough else "; top up first"))
    if not change.dry_run:
        print(f"batch {batch} is {client.batch(batch)['state']}")


def _history(client: Client, given: argparse.Namespace) -> None:
    for one in client.history(given.batch):
        cost = figure(one.cost_minor, one.currency, signed=True) if one.cost_minor else ""
        print(f"{one.at[:19]}  {one.by:14}  {one.what:12}  {cost:>10}  {_told(one.after)}".rstrip())


def _told(after: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in after.items())
