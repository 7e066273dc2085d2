"""Screens: a text too long for one screen is paged, so that no screen is ever cut.

The pages are measured after rendering. `98` shows the next page and `99` the previous one, as in
the networks' own menus. Both lines count as part of the screen.
"""

import unicodedata
from collections.abc import Sequence
from typing import Literal

from gateway.gsm.ussd_fit import fits_screen

MORE, BACK = "98", "99"
# The space beside the two lines of navigation must hold a word or two, or paging never ends.
ROOM_MIN = 12


def navigation(said: str) -> Literal["more", "back"] | None:
    """Return the meaning of a key press on a paged screen.

    >>> navigation(" 98 "), navigation("99"), navigation("9")
    ('more', 'back', None)
    """
    return {MORE: "more", BACK: "back"}.get(said.strip())  # pyright: ignore[reportReturnType]


def pages(
    notice: str,
    body: str,
    choices: Sequence[str],
    budget_septets: int,
    more_label: str = f"{MORE} More",
    back_label: str = f"{BACK} Back",
) -> list[str]:
    r"""Return the screens that show `notice`, `body` and the lines of `choices`, in this order.

    There is at least one screen. The choices stay together on the last screen, unless they fill
    more than one. A break falls between words, or within a word that is longer than a screen. Each
    screen fits `budget_septets`, or the smaller UCS-2 budget where it needs one.

    >>> pages("", "one two three", ["1 Yes", "2 No"], 160)
    ['one two three\n1 Yes\n2 No']
    >>> pages("", "Is the shop next to the bus stop open on Sundays?", ["1 Yes", "2 Not sure"], 60)
    ['Is the shop next to the bus stop open on Sundays?\n98 More', '1 Yes\n2 Not sure\n99 Back']
    """
    assert fits_screen(_screen("ŋ" * ROOM_MIN, more_label, back_label), budget_septets), (
        "budget too small"
    )
    text = _screen(notice.strip(), body.strip())
    lines = [line for line in (choice.strip() for choice in choices) if line]
    together = fits_screen(_screen(*lines, back_label), budget_septets)
    made: list[str] = []
    while True:
        back = [back_label] if made else []
        last = _screen(text, *lines, *back)
        if fits_screen(last, budget_septets):
            return [*made, last]
        nav = [more_label, *back]
        head, text = _take(text, nav, budget_septets)
        shown = [head] if head else []
        if not text and not together:  # The choices need several screens, so they start here.
            while lines and fits_screen(_screen(*shown, lines[0], *nav), budget_septets):
                shown.append(lines.pop(0))
        if not shown:  # A single choice is longer than a screen.
            head, rest = _take(lines[0], nav, budget_septets)
            shown, lines = [head], [rest, *lines[1:]]
        made.append(_screen(*shown, *nav))


def pages_with_choices_first(
    notice: str,
    body: str,
    choices: Sequence[str],
    budget_septets: int,
    more_label: str = f"{MORE} More",
    back_label: str = f"{BACK} Back",
) -> list[str]:
    r"""Return the screens after a key that was none of the choices; the last is the one to show.

    On the last screen `notice` and the choices stand together, so that the next key can be right.
    The text stands below them where it fits. Otherwise it stands on the pages before, which `99`
    shows.

    >>> pages_with_choices_first("Choose.", "Is it open?", ["1 Yes", "2 No"], 160)
    ['Choose.\n1 Yes\n2 No\nIs it open?']
    >>> text = "Is the shop next to the bus stop open?"
    >>> pages_with_choices_first("Choose.", text, ["1 Yes", "2 No"], 50)
    ['Is the shop next to the bus stop open?\n98 More', 'Choose.\n1 Yes\n2 No\n99 Back']
    """
    whole = _screen(notice.strip(), *choices, body.strip())
    if fits_screen(whole, budget_septets):
        return [whole]
    last = _screen(notice.strip(), *choices, back_label)
    if not fits_screen(last, budget_septets):
        return pages(notice, body, choices, budget_septets, more_label, back_label)
    made, text = list[str](), body.strip()
    while text:
        nav = [more_label, *([back_label] if made else [])]
        head, text = _take(text, nav, budget_septets)
        made.append(_screen(head, *nav))
    return [*made, last]


def _screen(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


def _take(text: str, nav: Sequence[str], budget_septets: int) -> tuple[str, str]:
    """Return the most of `text` that fits above `nav`, and the rest.

    The first part ends at a word where there is one.
    """
    if fits_screen(_screen(text, *nav), budget_septets):
        return text, ""
    low, high = 1, min(len(text), budget_septets)
    # A longer beginning never fits better than a shorter one, so the length is searched by halves.
    while low < high:
        middle = (low + high + 1) // 2
        if fits_screen(_screen(text[:middle].rstrip(), *nav), budget_septets):
            low = middle
        else:
            high = middle - 1
    blank = max(text.rfind(" ", 0, low + 1), text.rfind("\n", 0, low + 1))
    if text[:blank].strip() and blank > 0:
        return text[:blank].rstrip(), text[blank:].lstrip()
    while low > 1 and unicodedata.category(text[low]).startswith("M"):
        low -= 1  # a letter keeps its marks
    return text[:low], text[low:]
