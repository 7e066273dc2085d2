"""The view of one partner for an operator: criteria, capacity, money and history."""

from dataclasses import dataclass
from datetime import date

from gateway.base.money import amount_text
from gateway.steps.runtime import Runtime
from gateway.store.people.partners import criteria, earnings, profiles
from gateway.store.people.partners.earnings import PartnerBalance
from gateway.store.people.partners.profiles import PartnerEvent, PartnerFigures
from gateway.workers.partners.criteria import CRITERIA, CriterionFinding, missing_for
from gateway.workers.partners.states import NEXT, PartnerState


@dataclass(frozen=True, slots=True)
class PartnerView:
    """A partner with all that is known of it.

    `missing` says, for each state that may follow, which criteria keep the partner from it.
    """

    figures: PartnerFigures
    criteria: tuple[CriterionFinding, ...]
    missing: dict[str, tuple[str, ...]]
    balances: tuple[PartnerBalance, ...]
    history: tuple[PartnerEvent, ...]
    today: date

    def text(self) -> str:
        """Return the view as text."""
        partner = self.figures.partner
        golds = self.figures.gold_right + self.figures.gold_wrong
        earns = (
            f"earns its price since {partner.admitted_at:%Y-%m-%d}"
            if partner.admitted_at
            else "earns nothing: it has no agreement"
        )
        lines = [
            f"{partner.code}  {partner.name}",
            f"state         {partner.state.replace('_', ' ')}; {earns}",
            f"coordinators  {', '.join(self.figures.coordinators) or 'none'}",
            (
                f"workers       {self.figures.workers_active} of {self.figures.workers} active, "
                f"{self.figures.answers_week:,} answers in 7 days"
            ),
            f"quality       {f'{self.figures.gold_right} of {golds} gold right' if golds else 'no gold yet'}",
            (
                f"capacity      {partner.workers_max or '-'} workers, {partner.answers_day or '-'} answers a day, "
                f"quota {partner.quota or '-'}, languages {' '.join(partner.languages) or '-'}"
            ),
        ]
        for one in self.balances:
            payable, kept, opened = (
                amount_text(minor, one.currency)
                for minor in (one.payable_minor, one.kept_minor, one.open_minor)
            )
            lines.append(
                f"money         {payable} payable ({opened} on open invoices), {kept} due for reinvestment"
            )
        history = [self._event(event) for event in self.history]
        return "\n".join([*lines, self.criteria_text().rstrip("\n"), *history]) + "\n"

    def criteria_text(self) -> str:
        """Return the criteria with their findings, and what is missing for the next states."""
        newest = {found.criterion: found for found in self.criteria}
        lines: list[str] = []
        for name, criterion in CRITERIA.items():
            found = newest.get(name)
            said = "never checked"
            if found:
                verdict = (
                    ("met" if found.is_good(self.today) else "out of date")
                    if found.met
                    else "NOT MET"
                )
                figure = f" {found.figure} ({found.method})" if found.figure else ""
                said = f"{verdict}{figure}, {found.evidence}, {found.checked_by} {found.seen_on}"
            kind = "social " if criterion.social else "quality"
            lines.append(f"{kind}  {name:<18} {said}")
        for state, missing in self.missing.items():
            lines += [f"to be {state.replace('_', ' ')}: {reason}" for reason in missing]
        return "\n".join(lines) + "\n"

    def _event(self, event: PartnerEvent) -> str:
        subject = f" {event.subject}" if event.subject else ""
        change = (
            f": {event.was + ' -> ' if event.was else ''}{event.becomes}" if event.becomes else ""
        )
        return f"{event.at:%Y-%m-%d %H:%M}  {event.event}{subject}{change}  by {event.by}: {event.reason}"


async def partner_view(rt: Runtime, code: str, most: int) -> PartnerView:
    """Return the view of a partner, with its `most` newest changes."""
    figures = await profiles.figures(rt.db, code)
    found = await criteria.newest(rt.db, figures.partner.id)
    today = rt.clock.now().date()
    may_follow = sorted(NEXT[figures.partner.state], key=list(PartnerState).index)
    return PartnerView(
        figures=figures,
        criteria=tuple(found),
        missing={
            str(state): tuple(missing)
            for state in may_follow
            if (missing := missing_for(state, found, today))
        },
        balances=tuple(await earnings.balances(rt.db, figures.partner.id)),
        history=tuple(await profiles.history(rt.db, figures.partner.id, most)),
        today=today,
    )
