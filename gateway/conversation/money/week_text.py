"""The worker's week in one segment: answers, checked ones, earned, paid out, balance.

The same text is sent once a week, answers the command WEEK, and stands on a screen of the menu.
"""

from gateway.base.money import amount_text
from gateway.conversation.context import Context
from gateway.conversation.explained import WeekView
from gateway.conversation.facts import Turn, WeeklyChosen
from gateway.conversation.parsed_sms import ParsedSms
from gateway.gsm.segments import segments
from gateway.phrases import Phrasebook

_OFF, _ON = "0", "1"


def weekly_text(
    book: Phrasebook, week: WeekView, wrong_ref: str = "", *, offers_about: bool = False
) -> str:
    """Return the weekly message as one segment.

    It ends with the word that switches it off, and with the reference of an answer that was found
    wrong, as far as they fit. Where there is no such answer, `offers_about` adds the offer to say
    something about herself.
    """
    off = book.say("week.off_how")
    if offers_about and not wrong_ref:
        offer = f"{_figures(book, week)} {book.say('about.offer')}. {off}"
        if segments(offer) == 1:
            return offer
    why = book.say("week.why", ref=wrong_ref) if wrong_ref else ""
    for said in (f"{_figures(book, week)} {why}", _figures(book, week), _brief(book, week)):
        text = f"{said.rstrip()} {off}"
        if segments(text) == 1:
            return text
    return _brief(book, week)


def week_on_request(context: Context, week: WeekView) -> str:
    """Return the same without the word that switches it off, for WEEK and for the screen."""
    said = _figures(context.book, week)
    if week.wrong:
        longer = f"{said} {context.say('week.why', ref=week.wrong[0].ref)}"
        said = longer if segments(longer) == 1 else said
    return said if segments(said) == 1 else _brief(context.book, week)


def week(context: Context, heard: ParsedSms) -> Turn:
    """Answer WEEK: her week, or `WEEK 0` and `WEEK 1`, which switch the weekly message."""
    match heard.rest.strip():
        case "0":
            return Turn((WeeklyChosen(on=False),), context.say("week.off"))
        case "1":
            return Turn((WeeklyChosen(on=True),), context.say("week.on"))
        case _:
            view = context.situation.week
            return (
                Turn((), week_on_request(context, view))
                if view
                else Turn((), context.say("week.on"))
            )


def is_week_command(heard: ParsedSms) -> bool:
    """Return True where the SMS is WEEK and nothing else that could be an answer."""
    return heard.alone or heard.rest.strip() in (_OFF, _ON)


def _figures(book: Phrasebook, week: WeekView) -> str:
    told = {
        "answers": book.plural("week.answers", week.answers),
        "earned": amount_text(week.earned_minor, week.currency),
        "paid": amount_text(week.paid_minor, week.currency),
        "balance": amount_text(week.balance_minor, week.currency),
    }
    if not week.checked:
        return book.say("week.unchecked", **told)
    return book.say("week.told", right=week.right, checked=week.checked, **told)


def _brief(book: Phrasebook, week: WeekView) -> str:
    return book.say(
        "week.brief",
        answers=book.plural("week.answers", week.answers),
        right=week.right,
        checked=week.checked,
        balance=amount_text(week.balance_minor, week.currency),
    )
