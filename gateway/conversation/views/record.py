"""The views of a record: one field per screen, all of them once more, and a change of one.

What was typed is kept with the question, so a session that is dropped loses nothing.
"""

from gateway.conversation.context import Context
from gateway.conversation.facts import Fact
from gateway.conversation.situation import HeldQuestion
from gateway.conversation.views.view import (
    BACK,
    MENU,
    Key,
    Memory,
    ShowView,
    View,
    ViewContent,
    choices,
    menu_line,
    wrong_key,
)
from gateway.conversation.work.keying import missing, problem, record_kind, shown, typed_fact
from gateway.conversation.work.typed import PAGING, shortened_words
from gateway.tasks.question import Field, Question

CHECK, WHICH = "record_check", "record_which"
NUMBERS = frozenset({"number", "money"})
"""The types of fields in which 0 may be the value."""
_HINTS = {
    "number": "menu.type_number",
    "money": "menu.type_number",
    "date": "menu.type_date",
    "name": "menu.type_name",
    "text": "menu.type_text",
}


def view_of(question: Question) -> str:
    """Return the view on which a question begins or goes on."""
    return CHECK if question.fields and not missing(question) else "question"


def field_on_screen(question: Question, memory: Memory) -> Field:
    """Return the field that a screen asks for: the one in its memory, or the first one left."""
    named = next((one for one in question.fields if one.name == memory.get("field")), None)
    return named or next(iter(missing(question)), question.fields[0])


def show_field(context: Context, memory: Memory, held: HeldQuestion) -> ViewContent:
    """Return the screen of one field, above the text that the worker copies from."""
    question, field = held.question, field_on_screen(held.question, memory)
    body, options = field_screen(context, question, field)
    ways_out = f"{BACK} {context.say('key.skip')} {menu_line(context)}"
    kept = {"said": memory["said"]} if "said" in memory else {}
    return ViewContent(
        body,
        (*options, ways_out),
        {"task": str(question.task), "field": field.name, **kept},
    )


def field_screen(context: Context, question: Question, field: Field) -> tuple[str, tuple[str, ...]]:
    """Return the text of the screen of one field, and the options of a choice."""
    place = question.fields.index(field) + 1
    step = context.say(
        "entry.step", number=place, count=len(question.fields), label=field.label(context.language)
    )
    hint = context.say(_HINTS[field.type]) if field.type in _HINTS else ""
    parts = (step, hint, question.instructions.strip(), question.text.strip())
    options = tuple(f"{n} {one.label(context.language)}" for n, one in enumerate(field.options, 1))
    return "\n".join(filter(None, parts)), options


def press_field(context: Context, held: HeldQuestion, memory: Memory, key: Key) -> ShowView:
    """Take the words for one field, or ask for it again."""
    question, field = held.question, field_on_screen(held.question, memory)
    here = {"field": field.name}
    limit = context.situation.input_characters
    if limit and len(key.said) >= limit:
        return ShowView("question", notice=context.say("notice.cut", limit=limit), memory=here)
    if key.said in PAGING and key.said != memory.get("said"):
        again = context.say("notice.again", said=shortened_words(key.said))
        return ShowView("question", notice=again, memory={**here, "said": key.said})
    found = record_kind(context, question).read_field(key.said, field, context.language)
    if found.value is None:
        return ShowView("question", notice=problem(context, question, field, found), memory=here)
    typed = {**question.typed, field.name: found.value}
    facts: tuple[Fact, ...] = (typed_fact(held, typed, key.said),)
    left = [one for one in question.fields if one.name not in typed]
    if not left:
        return ShowView(CHECK, facts)
    notice = shown(context, question, field, found.value)
    return ShowView("question", facts, notice, {"field": left[0].name})


def _held(context: Context, memory: Memory) -> HeldQuestion | None:
    """Return the question that was on the screen, if it is still the worker's and complete."""
    held = context.situation.held
    if held is None or not held.open or not held.question.fields or missing(held.question):
        return None
    is_same = memory.get("task") in (None, str(held.question.task))
    return held if is_same else None


def show_check(context: Context, _memory: Memory) -> ViewContent:
    held = context.situation.held
    assert held is not None
    question = held.question
    lines = [shown(context, question, one, question.typed[one.name]) for one in question.fields]
    return ViewContent(
        "\n".join((context.say("entry.right"), *lines)),
        (*choices(context, "save", "change"), menu_line(context)),
        {"task": str(question.task)},
    )


def press_check(context: Context, memory: Memory, key: Key) -> ShowView | HeldQuestion:
    """Return the question whose record is to be saved, or the next view."""
    if key.name == MENU:
        return ShowView("home")
    held = _held(context, memory)
    if held is None:
        return ShowView("home", notice=context.say("notice.changed"))
    match key.name:
        case "1":
            return held
        case "2":
            return ShowView(WHICH)
        case _:
            return wrong_key(context, CHECK, memory)


def _show_which(context: Context, _memory: Memory) -> ViewContent:
    held = context.situation.held
    assert held is not None
    question = held.question
    lines = (
        f"{n} {shown(context, question, one, question.typed[one.name])}"
        for n, one in enumerate(question.fields, 1)
    )
    return ViewContent(
        context.say("entry.which"), (*lines, menu_line(context)), {"task": str(question.task)}
    )


def _press_which(context: Context, memory: Memory, key: Key) -> ShowView:
    if key.name == MENU:
        return ShowView("home")
    held = _held(context, memory)
    if held is None:
        return ShowView("home", notice=context.say("notice.changed"))
    fields = held.question.fields
    number = int(key.name) if key.name.isascii() and key.name.isdecimal() else 0
    if not 1 <= number <= len(fields):
        return wrong_key(context, WHICH, memory)
    return ShowView("question", memory={"field": fields[number - 1].name})


VIEWS = {WHICH: View(_show_which, _press_which)}
