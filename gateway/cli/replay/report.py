"""The report of a replay, as a person enjoys reading it."""

from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from gateway.money import amount_text

_DIFFERENCES_SHOWN = 10
_WIDTH, _BAR = 100, 24

Report = dict[str, Any]
Lines = list[tuple[str, RenderableType]]


def show(report: Report, console: Console) -> None:
    """Print the report of one batch."""
    title = f"{report['kind']}, {report['tasks']:,} tasks by {report['workers']:,} phones ({report['channel']})"
    lines = [*_of_batch(report), *_saved(report), *_of_all(report)]
    console.print(_panel(title, lines, ok=_ok(report)))
    _differences(report, console)
    _undelivered(report, console)


def show_demo(report: Report, console: Console) -> None:
    """Print the report of several batches and what they share."""
    for part in report["batches"]:
        title = f"{part['name']}  [dim]{part['kind']}, {part['tasks']:,} tasks, {part['workers']:,} people, {part['policy']}[/]"
        console.print(_panel(title, _of_batch(part), ok=True))
    console.print(_panel("All together", _of_all(report), ok=_ok(report)))
    _differences(report, console)


def _ok(report: Report) -> bool:
    return not (report["mismatches"] or report["lost"] or report["duplicated"])


def _panel(title: str, lines: Lines, *, ok: bool) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right", min_width=10)
    table.add_column()
    for name, text in lines:
        table.add_row(name, text)
    return Panel(
        table, title=title, title_align="left", border_style="green" if ok else "red", width=_WIDTH
    )


def _differences(report: Report, console: Console) -> None:
    for line in report["differences"][:_DIFFERENCES_SHOWN]:
        console.print(f"  [red]difference:[/red] {line}")


def _undelivered(report: Report, console: Console) -> None:
    """Tell which recorded answers the gateway did not take."""
    missing = report["undelivered"]
    if not missing:
        return
    console.print(f"  [yellow]{len(missing):,} recorded answers could not be delivered[/]")
    for one in missing[:_DIFFERENCES_SHOWN]:
        said = f"{one['worker']} to task {one['task']}: {one['answer']!r}, {one['why']}; last shown: {one['shown_last']!r}"
        console.print(f"  [yellow]not delivered:[/] {escape(said)}", highlight=False)


def _of_batch(r: Report) -> Lines:
    share = r["answers_used"] / r["answers_available"]
    lines: Lines = [
        (
            "answers",
            f"{r['answers_used']:,} of {r['answers_available']:,} recorded ({share:.0%}), {r['answers_per_task']:.2f} a task",
        )
    ]
    if r["accuracy"] is not None:
        lines.append(
            (
                "accuracy",
                f"{_bar(r['accuracy'])} [bold]{r['accuracy']:.1%}[/bold] against the known truth",
            )
        )
    elif r["wer"] is not None:
        lines.append(
            (
                "accuracy",
                f"{_bar(r['exact_match'])} [bold]{r['exact_match']:.1%}[/bold] exactly right, word error rate {r['wer']:.1%}",
            )
        )
    return lines


def _each_step(r: Report) -> str:
    """Steps for each accepted answer, joining and cashing out included; where everybody answered by USSD."""
    each = r.get("ussd_steps_per_answer")
    return f", {each:.2f} for each accepted answer" if each else ""


def _saved(r: Report) -> Lines:
    """What dynamic overlap did not need, beside a fixed number of answers a task."""
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
        name = "everybody" if overlap == "all" else f"{overlap} a task"
        minor, parts = spent + saved["money_minor"], segments + saved["segments"]
        row(name, fixed["answers"], minor, parts, fixed["accuracy"], f"{saved['share']:.0%}")
    said = "[dim]money is pay and messages; other rows at this replay's mean for an answer, by majority[/]"
    return [("saving", table), ("", said)]


def _bar(share: float) -> str:
    full = round(share * _BAR)
    return f"[green]{chr(0x2588) * full}[/][dim]{chr(0x2591) * (_BAR - full)}[/]"


def _of_all(r: Report) -> Lines:
    used = r["answers_used"]

    def money(minor: float) -> str:
        return amount_text(round(minor), r["currency"])

    def each(minor: int) -> str:
        return money(minor / used) if used else "-"

    segments = r["segments_per_answer"] or 0.0
    state = "red" if r["mismatches"] else "green"
    return [
        ("arrived", f"{used:,} answers; lost {r['lost']}, doubled {r['duplicated']}"),
        (
            "SMS",
            (
                f"{r['sms_out']:,} out, {r['sms_in']:,} in; segments both ways for each accepted answer: {segments:.2f}, "
                f"{r['work_segments_per_answer'] or 0.0:.2f} without joining and cashing out"
            ),
        ),
        ("USSD", f"{r['ussd_sessions']:,} sessions, {r['ussd_steps']:,} steps{_each_step(r)}"),
        (
            "cost",
            f"{each(r['earned_minor'] + r['cost_minor'])} for each accepted answer ({each(r['cost_minor'])} of it messages)",
        ),
        ("earned", f"{money(r['earned_minor'])} by workers"),
        (
            "paid out",
            f"{money(r['paid_minor'])} in {r['operator']['payouts']:,} payouts; the operator says {money(r['operator']['paid_minor'])}, {r['operator']['duplicates']} doubled",
        ),
        (
            "ledger",
            f"{r['ledger']['transfers']:,} transfers, sum {r['ledger']['sum_minor']}, {money(r['ledger']['in_transit_minor'])} in transit",
        ),
        (
            "speed",
            f"{r['answers_per_second']:.0f} answers a second; {r['seconds']:.1f} s from the first JOIN to the compared books",
        ),
        (
            "books",
            f"[bold {state}]{r['mismatches']} differences[/] between our books, the phones' diaries and the operator's books",
        ),
    ]
