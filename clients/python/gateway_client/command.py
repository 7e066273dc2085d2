"""The command `gateway-client`."""

import argparse
import csv
import itertools
import json
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx

from gateway_client.client import Client, GatewayProblem
from gateway_client.files_command import add_words
from gateway_client.life_command import add_verbs, named_value
from gateway_client.models import Progress, Quote, Result
from gateway_client.money import amount
from gateway_client.xlsx import Cell, write_xlsx

_BAR = 30
_SHOWN = 20
"""The results that are printed once a watched batch has ended."""
_FIRST = ("task", "state", "value", "confidence", "answers")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command, and exit with 1 where the gateway refuses or is away."""
    given = _parser().parse_args(arguments)
    try:
        key = (
            Path(given.key_file).read_text().strip()
            if given.key_file
            else os.environ.get("GATEWAY_KEY", "")
        )
        if not key:
            sys.exit("gateway-client: set GATEWAY_KEY to your API key, or give --key-file")
        with Client(given.url, key, on_wait=lambda s: _tell_wait(given.url, s)) as client:
            given.does(client, given)
    except GatewayProblem as problem:
        sys.exit(f"gateway-client: {_in_words(problem)}")
    except httpx.TransportError as away:
        sys.exit(f"gateway-client: no gateway answers at {given.url}: {away}")
    except OSError as bad:
        sys.exit(f"gateway-client: {bad}")


def _tell_wait(url: str, wait_s: float) -> None:
    print(
        f"gateway-client: no answer from {url} yet; asking again in {wait_s:.0f} s",
        file=sys.stderr,
    )


def _as_called(given: argparse.Namespace, words: str) -> str:
    """Return a further command with the program, the address and the key of this one."""
    called = Path(sys.argv[0])
    program = str(called) if called.name == "gateway-client" and called.parent.name else ""
    parts = [program if program and not called.is_absolute() else "gateway-client"]
    parts += ["--url", given.url] if given.url != _default_url() else []
    parts += ["--key-file", given.key_file] if given.key_file else []
    return f"{shlex.join(parts)} {words}"


def _default_url() -> str:
    return os.environ.get("GATEWAY_URL", "http://127.0.0.1:8000")


def _in_words(problem: GatewayProblem) -> str:
    lines = [problem.detail]
    for one in problem.errors:
        where = [f"row {one['row']}"] if one.get("row") else []
        where += [str(one["field"])] if one.get("field") else []
        lines.append(f"  {', '.join(where)}: {one.get('message', '')}")
    return "\n".join(lines)


def _submit(client: Client, given: argparse.Namespace) -> None:
    batch = client.submit(
        Path(given.file),
        name=given.name or Path(given.file).stem,
        kind=given.kind,
        instructions=given.instructions,
        price=given.price,
        **dict(map(named_value, given.field)),
    )
    _tell_quote(batch, client.quote(batch))
    if given.quote:
        print(f"it is a draft; start it with: {_as_called(given, f'batch start {batch}')}")
        return
    client.start(batch)
    if given.watch:
        _show_progress(client, batch)
        rows = list(itertools.islice(client.results(batch), _SHOWN + 1))
        _print_table(rows[:_SHOWN])
        if len(rows) > _SHOWN:
            print("...")
        print(f"all of them: {_as_called(given, f'results {batch} --to results.xlsx')}")
    else:
        print(f"it runs; watch it with: {_as_called(given, f'batch watch {batch}')}")


def _time(said: str | None) -> str:
    """Return a time of the API for a reader, to the minute."""
    return (
        f"{datetime.fromisoformat(said).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        if said
        else "not known"
    )


def _quote(client: Client, given: argparse.Namespace) -> None:
    _tell_quote(given.batch, client.quote(given.batch))


def _tell_quote(batch: str, quote: Quote) -> None:
    """Print what a batch will cost, when it will be ready, and how right it will be."""
    print(
        f"batch {batch}: {quote.tasks} tasks, about {amount(quote.expected_minor, quote.currency)}, at most "
        f"{amount(quote.most_minor, quote.currency)} without messages"
    )
    likely, latest = _time(quote.ready["likely"]), _time(quote.ready["latest"])
    when = f"about {likely}, at the latest {latest}" if quote.ready["likely"] else "not known"
    print(f"ready: {when} ({quote.ready['reason']})")
    if quote.promise is not None:
        print(f"right: {quote.promise['reason']}")
        for one in quote.promise["helps"]:
            print(f"  it would help: {one}")
    if not quote.can_finish and quote.why_not:
        print(f"note: {quote.why_not}")


def _preview(client: Client, given: argparse.Namespace) -> None:
    shown = client.preview_batch(given.batch, tasks=given.tasks)
    for language in shown["languages"]:
        print(f"== {language['language']} ==")
        for question in language["questions"]:
            for sms in question["sms"]:
                print(f"-- SMS, {sms['moment']}: {sms['segments']} x {sms['encoding']}")
                print(sms["text"])
            for group in question["screens"]:
                for screen in group["screens"]:
                    print(f"-- USSD on {', '.join(group['networks'])}")
                    print(screen["text"])
        for sms in language["several"]:
            print(f"-- several questions in one SMS: {sms['segments']} x {sms['encoding']}")
            print(sms["text"])
        print(f"Replies: {language['replies']['how']}")
    price = shown["price"]
    least, most = (amount(price[name], price["currency"]) for name in ("least_minor", "most_minor"))
    print(f"these tasks cost {least} to {most}, without messages")


def _start(client: Client, given: argparse.Namespace) -> None:
    client.start(given.batch, without_promise=given.without_promise, pilot=given.pilot)
    print(f"batch {given.batch} runs")


def _watch(client: Client, given: argparse.Namespace) -> None:
    _show_progress(client, given.batch)


def _show_progress(client: Client, batch: str) -> None:
    last: Progress | None = None
    for last in client.watch(batch):
        done = round(_BAR * min(last.percent, 100) / 100)
        line = (
            f"[{'#' * done}{'.' * (_BAR - done)}] {last.percent:3.0f} %  "
            f"{last.answers} of {last.answers_wanted} answers"
        )
        print(f"\r{line}", end="" if sys.stdout.isatty() else "\n", flush=True)
    if sys.stdout.isatty():
        print()
    state = client.batch(batch)["state"]
    if last is not None:
        decided = last.tasks_done - last.tasks_review
        print(f"{state}: {decided} decided, {last.tasks_review} to review")


def _results(client: Client, given: argparse.Namespace) -> None:
    rows = list(client.results(given.batch))
    if given.to is None:
        _print_table(rows)
        return
    path = Path(given.to)
    table = _table(rows)
    if path.suffix.lower() == ".xlsx":
        write_xlsx(path, table)
    elif path.suffix.lower() == ".json":
        path.write_text(
            json.dumps([dict(zip(table[0], row, strict=True)) for row in table[1:]], indent=1)
        )
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([_shown(cell) for cell in row] for row in table)
    print(f"{len(rows)} results in {path}")


def _table(rows: Sequence[Result]) -> list[list[Cell]]:
    """Return the results as a table with a header, the caller's own columns last."""
    own = list(dict.fromkeys(name for row in rows for name in row.columns))
    counts = list(dict.fromkeys(name for row in rows for name in row.counts))[:_COUNTS_MAX]
    header: list[Cell] = [*_FIRST, *(f"count_{one}" for one in counts), *own]
    return [header, *(list(_cells(row, counts, own)) for row in rows)]


_COUNTS_MAX = 9


def _cells(row: Result, counts: Sequence[str], own: Sequence[str]) -> Iterator[Cell]:
    yield from (row.task, row.state, row.value, row.confidence, row.answers)
    yield from (row.counts.get(one, 0) for one in counts)
    for name in own:
        value = row.columns.get(name)
        yield value if isinstance(value, str | int | float | None) else json.dumps(value)


def _shown(cell: Cell) -> Cell:
    """Return a cell of a CSV that no spreadsheet executes."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{cell}"
    return cell


def _print_table(rows: Sequence[Result]) -> None:
    lines = [[str("" if c is None else c) for c in row[: len(_FIRST)]] for row in _table(rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(_FIRST))]
    for line in lines:
        print("  ".join(map(str.ljust, line, widths)).rstrip())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gateway-client", description="Send work to a gateway, and read the results."
    )
    parser.add_argument("--url", default=_default_url(), help="the gateway")
    # A key on the command line would show in the list of processes.
    parser.add_argument(
        "--key-file",
        metavar="FILE",
        help="a file with the API key (default: the environment variable GATEWAY_KEY)",
    )
    words = parser.add_subparsers(required=True, metavar="COMMAND")
    batch = words.add_parser("batch", help="make, start and watch a batch")
    verbs = batch.add_subparsers(required=True, metavar="COMMAND")
    submit = verbs.add_parser("submit", help="upload a file of tasks and start them")
    submit.add_argument("file", help="CSV, XLSX or JSON with the columns id and text")
    submit.add_argument("--price", required=True, help="for each answer, like 5 or 2.50")
    submit.add_argument("--kind", default="verification", help="default: verification")
    submit.add_argument("--instructions", default="Is this true?", help='default: "Is this true?"')
    submit.add_argument("--name", help="default: the name of the file")
    submit.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help='a further field of the batch, like policy=fixed:5 or options=["shop","house"]',
    )
    submit.add_argument("--quote", action="store_true", help="show the price and start nothing")
    submit.add_argument("--watch", action="store_true", help="stay until the batch has ended")
    submit.set_defaults(does=_submit)
    for verb, does, told in (
        ("start", _start, "start a draft, or go on after a pause"),
        ("watch", _watch, "show the progress until the batch has ended"),
        ("quote", _quote, "show the cost, the finishing time and the promised accuracy"),
    ):
        one = verbs.add_parser(verb, help=told)
        one.add_argument("batch")
        one.set_defaults(does=does)
        if verb == "start":
            one.add_argument(
                "--without-promise",
                action="store_true",
                help="start although its accuracy cannot be promised",
            )
            one.add_argument(
                "--pilot",
                type=int,
                metavar="TASKS",
                help="ask this many tasks first, then pause with what was learnt",
            )
    preview = verbs.add_parser("preview", help="show the exact messages and screens of a draft")
    preview.add_argument("batch")
    preview.add_argument("--tasks", type=int, default=1, help="how many tasks to show; at most 10")
    preview.set_defaults(does=_preview)
    add_verbs(verbs)
    add_words(words)
    results = words.add_parser("results", help="print the results, or write them into a file")
    results.add_argument("batch")
    results.add_argument("--to", metavar="FILE", help="a new file: .xlsx, .csv or .json")
    results.set_defaults(does=_results)
    return parser


if __name__ == "__main__":
    main()
