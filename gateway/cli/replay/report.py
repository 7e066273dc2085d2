"""The report of a replay, as a person enjoys reading it."""

from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from gateway.money import amount_text

_DIFFERENCES_SHOWN = 10


def show(report: dict[str, Any], console: Console) -> None:
    """Print one report."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right")
    table.add_column()
    for name, text in _lines(report):
        table.add_row(name, text)
    ok = not (report["mismatches"] or report["lost"] or report["duplicated"])
    title = f"{report['kind']}, {report['tasks']:,} tasks by {report['workers']:,} phones ({report['channel']})"
    console.print(Panel(table, title=title, border_style="green" if ok else "red", expand=False))
    for line in report["differences"][:_DIFFERENCES_SHOWN]:
        console.print(f"  [red]difference:[/red] {line}")


def _lines(r: dict[str, Any]) -> list[tuple[str, str]]:
    def money(minor: float) -> str:
        return amount_text(round(minor), r["currency"])

    used = r["answers_used"]
    lines = [
        (
            "answers",
            f"{used:,} of {r['answers_available']:,} recorded, {r['answers_per_task']:.2f} a task; lost {r['lost']}, doubled {r['duplicated']}",
        ),
    ]
    if r["accuracy"] is not None:
        lines.append(("accuracy", f"[bold]{r['accuracy']:.1%}[/bold] against the known truth"))
    elif r["wer"] is not None:
        lines.append(
            (
                "accuracy",
                f"[bold]{r['exact_match']:.1%}[/bold] exactly right, word error rate {r['wer']:.1%}",
            )
        )
    lines += [
        (
            "SMS",
            f"{r['sms_out']:,} out ({r['segments_out']:,} segments), {r['sms_in']:,} in ({r['segments_in']:,} segments)",
        ),
        ("USSD", f"{r['ussd_sessions']:,} sessions, {r['ussd_steps']:,} steps"),
        (
            "messaging",
            f"{money(r['cost_minor'])}, {money(r['cost_minor'] / used) if used else '-'} for each accepted answer",
        ),
        (
            "earned",
            f"{money(r['earned_minor'])} by workers, {money(r['earned_minor'] / used) if used else '-'} an answer",
        ),
        (
            "paid out",
            f"{money(r['paid_minor'])} in {r['operator']['payouts']:,} payouts; the operator's books say {money(r['operator']['paid_minor'])}, {r['operator']['duplicates']} doubled",
        ),
        (
            "ledger",
            f"{r['ledger']['transfers']:,} transfers, sum {r['ledger']['sum_minor']}, in transit {money(r['ledger']['in_transit_minor'])}, still owed {money(r['ledger']['liabilities_minor'])}",
        ),
        (
            "speed",
            f"{r['answers_per_second']:.0f} answers a second; {r['seconds']:.1f} s from the first JOIN to compared books",
        ),
        (
            "books",
            f"[bold {'red' if r['mismatches'] else 'green'}]{r['mismatches']} differences[/] between our books, the phones' diaries and the operator's books",
        ),
    ]
    return lines
