"""The report of a replay.

It shows the outcome, each batch beside its baselines, the figures, and the next steps.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from gateway.base.money import amount_text
from gateway.cli.replay.demo_project import words

_DIFFERENCES_SHOWN = 10
_WIDTH, _BAR = 80, 20
_BOOKS = "the gateway's books, the phones' diaries and the mobile-money operator's books"

Report = dict[str, Any]
ReportLines = list[tuple[str, RenderableType]]


def show(report: Report, console: Console) -> None:
    """Print the report of one batch."""
    console.print(_panel("Result", _of_result(report, report["tasks"], 1), ok=_ok(report)))
    _differences(report, console)
    title = f"{report['kind']}, {report['tasks']:,} questions by {report['workers']:,} phones ({report['channel']})"
    console.print(_panel(title, [*_of_batch(report), *_saved(report)], ok=True))
    console.print(_panel("Figures", _of_all(report), ok=True))
    _undelivered(report, console)


def show_demo(report: Report, console: Console) -> None:
    """Print the report of several batches and their common results."""
    batches = report["batches"]
    questions = sum(part["tasks"] for part in batches)
    console.print(
        _panel("Result", _of_result(report, questions, len(batches)), ok=_ok(report))
    )  # fmt: skip
    _differences(report, console)
    for part in batches:
        title = f"{part['name']}  [dim]{part['kind']}, {part['tasks']:,} questions, {part['workers']:,} workers[/]"
        console.print(_panel(title, _of_batch(part), ok=True))
        _undelivered(part, console)
    console.print(
        "[dim]right: the result equals the known truth, which the gateway never saw.\n"
        "one answer: what a single one of these answers would have got right.\n"
        "majority: what the most frequent answer would have got right.[/]\n",
        highlight=False,
    )
    console.print(_panel("Figures", _of_all(report), ok=True))
    if "project" in report:
        act = report["project"]
        console.print(_panel("One file, two partners", words(act), ok=not act["faults"]))
    console.print(
        "Next: play it yourself, with phones to click on, a coordinator and payouts:\n"
        "  [bold]gateway up[/]    (or make up), then open the address that it prints\n"
        "Or judge a recording of your own, task,worker,answer in a file:\n"
        "  [bold]gateway qa aggregate --answers answers.csv[/]",
        highlight=False,
    )


def _ok(report: Report) -> bool:
    return not (report["mismatches"] or report["lost"] or report["duplicated"] or _missing(report))


def _missing(report: Report) -> int:
    """Return how many recorded answers the gateway did not take, in all batches of the report."""
    return sum(len(part["undelivered"]) for part in report.get("batches", [report]))


def _panel(title: str, lines: ReportLines, *, ok: bool) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right", min_width=10)
    table.add_column()
    for name, text in lines:
        table.add_row(name, text)
    return Panel(
        table, title=title, title_align="left", border_style="green" if ok else "red", width=_WIDTH
    )


def _of_result(r: Report, questions: int, batches: int) -> ReportLines:
    """Return the main results: nothing is lost, every worker is paid once, and all books agree."""
    complete = not (r["lost"] or r["duplicated"] or _missing(r))
    answers_in, books_in = ("green" if good else "red" for good in (complete, not r["mismatches"]))
    differences = "1 difference" if r["mismatches"] == 1 else f"{r['mismatches']:,} differences"
    paid, operator = r["paid_minor"], r["operator"]
    owed = r["earned_minor"] - paid
    rest = f"; {_money(owed, r)} is below the least payout" if owed else ""
    many = f"{questions:,} questions" + (f" in {batches} batches" if batches > 1 else "")
    missing = f", {_missing(r):,} could not be delivered" if _missing(r) else ""
    return [
        (
            "answers",
            f"[bold {answers_in}]{r['lost']} lost, {r['duplicated']} doubled{missing}[/]; {r['answers_used']:,} answers to {many}",
        ),
        ("money", f"{_money(r['earned_minor'], r)} earned, {_money(paid, r)} of it paid out{rest}"),
        (
            "payouts",
            f"{operator['payouts']:,} by mobile money, {operator['duplicates']} of them twice",
        ),
        ("books", f"[bold {books_in}]{differences}[/] between {_BOOKS}"),
    ]


def _money(minor: float, r: Report) -> str:
    return amount_text(round(minor), r["currency"])


def _differences(report: Report, console: Console) -> None:
    for line in report["differences"][:_DIFFERENCES_SHOWN]:
        console.print(f"  [red]difference:[/red] {line}")


def _undelivered(report: Report, console: Console) -> None:
    """Print the recorded answers that the gateway did not take."""
    missing = report["undelivered"]
    if not missing:
        return
    console.print(f"  [yellow]{len(missing):,} recorded answers could not be delivered[/]")
    for one in missing[:_DIFFERENCES_SHOWN]:
        said = f"{one['worker']} to task {one['task']}: {one['answer']!r}, {one['why']}; last shown: {one['shown_last']!r}"
        console.print(f"  [yellow]not delivered:[/] {escape(said)}", highlight=False)
    for line in others_by_task(missing[_DIFFERENCES_SHOWN:]):
        console.print(f"  [yellow]not delivered:[/] {escape(line)}", highlight=False)


def others_by_task(missing: Sequence[Mapping[str, str]]) -> list[str]:
    """Return one line per task with the names of the workers whose answers were not taken.

    >>> others_by_task([{"task": "t1", "worker": "w1"}, {"task": "t1", "worker": "w2"}])
    ['to task t1: w1, w2']
    """
    workers: dict[str, list[str]] = {}
    for one in missing:
        workers.setdefault(one["task"], []).append(one["worker"])
    return [f"to task {task}: {', '.join(names)}" for task, names in workers.items()]


def _of_batch(r: Report) -> ReportLines:
    """Return a batch's accuracy beside that of one answer and of the majority."""
    exact = r["accuracy"] is None
    right = r["exact_match"] if exact else r["accuracy"]
    lines: ReportLines = []
    if right is not None:
        word = " word for word" if exact else ""
        lines.append(("right", f"{_bar(right)} [bold]{right:.1%}[/bold]{word}"))
        lines += _compared(r, word)
    if r["wer"] is not None:
        lines.append(("words", f"{r['wer']:.1%} of the words wrong (word error rate)"))
    if r.get("fields_wrong") is not None:
        lines.append(("fields", f"{r['fields_wrong']:.2%} of the fields wrong"))
    share = r["answers_used"] / r["answers_available"]
    used = f"{r['answers_used']:,} of {r['answers_available']:,} recorded ({share:.0%})"
    each = f"{r['answers_per_task']:.2f} per question"
    return [*lines, ("answers", f"{used}, {each}"), ("", _asked(r["policy"]))]


def _compared(r: Report, word: str) -> ReportLines:
    found: ReportLines = []
    if r["baseline"]["single"] is not None:
        single = r["baseline"]["single"]
        found.append(("one answer", f"{_bar(single)} {single:.1%}{word} on average"))
    if r["baseline"]["majority"] is not None:
        majority = r["baseline"]["majority"]
        found.append(("majority", f"{_bar(majority)} {majority:.1%} of the same answers"))
    everybody = r["fixed"]["all"]
    if everybody["accuracy"] is not None and everybody["answers"] > r["answers_used"]:
        found.append(
            (
                "",
                f"{_bar(everybody['accuracy'])} {everybody['accuracy']:.1%} of all {everybody['answers']:,} answers",
            )
        )
    return found


def _asked(policy: str) -> str:
    """Return a policy in words.

    >>> _asked("fixed:5"), _asked("all")
    ('5 workers are asked per task', 'every worker is asked')
    """
    name, _, number = policy.partition(":")
    return {
        "fixed": f"{number} workers are asked per task",
        "dynamic": "asked until the result is sure enough, 2 to 7 workers",
        "double": "two workers key each record, and others settle what differs",
        "worth": "asked as long as an answer is worth its cost",
    }.get(name, "every worker is asked")


def _each_step(r: Report) -> str:
    """Return the steps per accepted answer, including joining and cashing out.

    The text is empty unless every worker answered by USSD.
    """
    each = r.get("ussd_steps_per_answer")
    return f", {each:.2f} per accepted answer" if each else ""


def _saved(r: Report) -> ReportLines:
    """Return the savings of dynamic overlap against a fixed number of answers per task."""
    if not r["saving"] or (r["policy"] != "dynamic" and not r["policy"].startswith("worth:")):
        return []
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("asking")
    for heading in ("answers", "money", "segments", "right", "saved"):
        table.add_column(heading, justify="right")
    used, segments = r["answers_used"], r["segments_out"] + r["segments_in"]
    spent = r["earned_minor"] + r["cost_minor"]

    def row(
        name: str, answers: int, minor: int, parts: int, right: float | None, saved: str
    ) -> None:
        accuracy = "" if right is None else f"{right:.1%}"
        table.add_row(
            name, f"{answers:,}", amount_text(minor, r["currency"]), f"{parts:,}", accuracy, saved
        )

    row("as here", used, spent, segments, r["accuracy"], "")
    for overlap, saved in r["saving"].items():
        fixed = r["fixed"][overlap]
        name = "all workers" if overlap == "all" else f"{overlap} per task"
        minor, parts = spent + saved["money_minor"], segments + saved["segments"]
        row(name, fixed["answers"], minor, parts, fixed["accuracy"], f"{saved['share']:.0%}")
    said = "[dim]money is pay and messages; other rows use this replay's mean per answer, by majority[/]"
    return [("saving", table), ("", said)]


def _bar(share: float) -> str:
    full = round(share * _BAR)
    return f"[green]{chr(0x2588) * full}[/][dim]{chr(0x2591) * (_BAR - full)}[/]"


def _of_all(r: Report) -> ReportLines:
    used = r["answers_used"]

    def each(minor: int) -> str:
        return _money(minor / used, r) if used else "-"

    segments = r["segments_per_answer"] or 0.0
    return [
        (
            "SMS",
            (
                f"{r['sms_out']:,} out, {r['sms_in']:,} in; {segments:.2f} segments (both ways) per accepted answer, "
                f"{r['work_segments_per_answer'] or 0.0:.2f} without joining and cashing out"
            ),
        ),
        ("USSD", f"{r['ussd_sessions']:,} sessions, {r['ussd_steps']:,} steps{_each_step(r)}"),
        (
            "cost",
            f"{each(r['earned_minor'] + r['cost_minor'])} per accepted answer ({each(r['cost_minor'])} of it for messages)",
        ),
        (
            "ledger",
            f"{r['ledger']['transfers']:,} transfers, which add up to {r['ledger']['sum_minor']}",
        ),
        (
            "speed",
            f"{r['answers_per_second']:.0f} answers per second; {r['seconds']:.1f} s from the first JOIN to the compared books",
        ),
    ]
