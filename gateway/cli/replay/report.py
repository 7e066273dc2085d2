"""The report of a replay, as a person enjoys reading it."""

from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from gateway.money import amount_text

_DIFFERENCES_SHOWN = 10
_WIDTH, _BAR = 100, 24

Report = dict[str, Any]


def show(report: Report, console: Console) -> None:
    """Print the report of one batch."""
    title = f"{report['kind']}, {report['tasks']:,} tasks by {report['workers']:,} phones ({report['channel']})"
    lines = [*_of_batch(report), *_saved(report), *_of_all(report)]
    console.print(_panel(title, lines, ok=_ok(report)))
    _differences(report, console)


def show_demo(report: Report, console: Console) -> None:
    """Print the report of several batches and what they share."""
    for part in report["batches"]:
        title = f"{part['name']}  [dim]{part['kind']}, {part['tasks']:,} tasks, {part['workers']:,} people, {part['policy']}[/]"
        console.print(_panel(title, _of_batch(part), ok=True))
    console.print(_panel("All together", _of_all(report), ok=_ok(report)))
    _differences(report, console)


def _ok(report: Report) -> bool:
    return not (report["mismatches"] or report["lost"] or report["duplicated"])


def _panel(title: str, lines: list[tuple[str, str]], *, ok: bool) -> Panel:
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


def _of_batch(r: Report) -> list[tuple[str, str]]:
    share = r["answers_used"] / r["answers_available"]
    lines = [
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


def _saved(r: Report) -> list[tuple[str, str]]:
    """What dynamic overlap did not need, against a fixed number of answers a task."""
    if r["policy"] != "dynamic" and not r["policy"].startswith("worth:"):
        return []
    lines: list[tuple[str, str]] = []
    for overlap, saved in r["saving"].items():
        points = saved["accuracy_points"]
        better = "" if points is None else f", {points:+.1f} points against its majority"
        what = "all answers" if overlap == "all" else f"{overlap} answers a task"
        lines.append(
            (
                "saved" if saved["answers"] >= 0 else "more",
                (
                    f"{abs(saved['share']):.0%} against {what}: {abs(saved['answers']):,} answers, "
                    f"{amount_text(abs(saved['money_minor']), r['currency'])}, {abs(saved['segments']):,} segments{better}"
                ),
            )
        )
    return lines


def _bar(share: float) -> str:
    full = round(share * _BAR)
    return f"[green]{chr(0x2588) * full}[/][dim]{chr(0x2591) * (_BAR - full)}[/]"


def _of_all(r: Report) -> list[tuple[str, str]]:
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
