"""A worker in a lesson by SMS: the same keys as at work, and each reply says what was right.

A lesson never stands in the way of a paid question. It begins only after the question that she
holds was put off, and command words keep their meaning. The steps of one message go together as
long as that costs no third segment.
"""

from collections.abc import Iterator

from gateway.conversation.context import Context, KindOf, Phrasebooks, open_question
from gateway.conversation.facts import LessonMoved, QuestionPutOff, Turn
from gateway.conversation.parsed_sms import ParsedSms
from gateway.conversation.situation import Situation
from gateway.conversation.work.asking import barest
from gateway.conversation.work.keying import problem, values_shown, wrong_fields
from gateway.conversation.work.multi_question import waiting_questions
from gateway.gsm.segments import segments
from gateway.qa.typed.normalise import tag
from gateway.tasks.entry.comparison import fields_tag
from gateway.tasks.lessons.lesson import ASKS, Lesson, LessonProgress
from gateway.tasks.port import Reading

_SEGMENTS_MAX, _DIGITS_MAX = 2, 3


def learn(context: Context, said: str = "") -> Turn:
    """Answer LEARN: begin a lesson, or repeat the step at which the worker stands.

    `LEARN 3` begins the third lesson of the list, and any other word shows the list.
    """
    progress = context.situation.lesson
    if said:
        chosen = chosen_lesson(context, said)
        if chosen is None:
            return Turn((), list_text(context))
        progress = chosen
    if progress is None:
        return Turn((), context.say(context.situation.no_lesson))
    begins = progress.run is None or not progress.by_sms
    lead = begin_text(context, progress) if begins else ""
    if begins and progress.refunded:
        lead = f"{lead} {context.say('lesson.refunded')}"
    step, text = _message(context, progress, lead)
    moved = LessonMoved(progress, step, progress.score)
    return Turn((*_put_off(context), moved), text)


def chosen_lesson(context: Context, said: str) -> LessonProgress | None:
    """Return the worker's place in the lesson with this number, or None for a word or no lesson."""
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < _DIGITS_MAX else 0
    found = context.situation.lessons
    return found[number - 1].begins if 1 <= number <= len(found) else None


def list_text(context: Context) -> str:
    """Return the list of all lessons. Those that she has passed are marked."""
    shown = lesson_lines(context)
    if not shown:
        return context.say("lesson.none")
    return "\n".join((context.say("lesson.list"), *shown))


def lesson_lines(context: Context) -> list[str]:
    """Return `1 Checking a statement (passed)`, one line per lesson."""
    passed = f" ({context.say('lesson.is_passed')})"
    return [
        f"{n} {one.title}{passed if one.passed else ''}"
        for n, one in enumerate(context.situation.lessons, 1)
    ]


def asks_for_list(heard: ParsedSms) -> bool:
    """Return True for LEARN LIST, which is no reply to a lesson."""
    return heard.command == "learn" and heard.rest.strip().casefold() == "list"


def is_leaving(heard: ParsedSms) -> bool:
    """Return True for SKIP, which leaves a lesson for now."""
    return heard.command == "skip" and heard.alone


def left(progress: LessonProgress) -> LessonMoved:
    """Return the fact that a worker leaves a lesson for now. LEARN goes on with it."""
    return LessonMoved(progress, progress.step, progress.score, "left")


def in_lesson(context: Context, progress: LessonProgress, heard: ParsedSms) -> Turn:
    """Take an SMS as the reply to a lesson's step."""
    if is_leaving(heard):
        return Turn((left(progress),), context.say("lesson.left"))
    if progress.item.part not in ASKS:
        return _go_on(context, progress)
    said = heard.rest if heard.command == "answer" and heard.rest else heard.said
    reading = read_reply(context, progress, said)
    if reading.value is None:
        return _not_understood(context, progress, reading)
    moved = answered(context, progress, reading.value, said)
    lead = feedback(context, progress, moved)
    if moved.state != "open":
        return Turn((moved,), f"{lead} {end_text(context, moved)}")
    step, text = _message(context, progress.at(moved.step, moved.score), lead)
    assert step == moved.step
    return Turn((moved,), text)


def read_reply(context: Context, progress: LessonProgress, said: str) -> Reading:
    """Read a reply to a lesson's question as the kind reads it at work."""
    question = progress.lesson.question(progress.step)
    return context.kind(question).read(said, question, context.language, context.book.answers)


def answered(context: Context, progress: LessonProgress, value: str, said: str) -> LessonMoved:
    """Return the place of a worker after an answer to a lesson's question.

    Only the answers of the assessment count towards its pass mark.
    """
    lesson, item = progress.lesson, progress.item
    kind = context.kind_of(lesson.kind)
    right = kind.ANSWERS.same(value, item.answer, compared(context, lesson))
    score = progress.score + (right and item.part == "test")
    last = progress.step + 1 == len(lesson.steps)
    passed = score >= lesson.pass_mark
    state = "open" if not last else "passed" if passed else "failed"
    step = progress.step if last else progress.step + 1
    return LessonMoved(progress, step, score, state, said, value, right)


def compared(context: Context, lesson: Lesson) -> str:
    """Return the tag by which the answers of a lesson are compared, as at work."""
    if lesson.fields:
        return fields_tag(lesson.language, lesson.fields)
    return tag(lesson.language, context.kind_of(lesson.kind).COMPARED)


def feedback(context: Context, progress: LessonProgress, moved: LessonMoved) -> str:
    """Say whether the answer was right, what is right, and why."""
    item = progress.item
    if moved.right:
        return f"{context.say('lesson.right')} {item.why}"
    answer = answer_shown(context, progress, moved.value)
    return f"{context.say('lesson.wrong', answer=answer)} {item.why}"


def answer_shown(context: Context, progress: LessonProgress, said: str = "") -> str:
    """Return the right answer as the worker reads it.

    Of a record, the fields in which `said` differs are named.
    """
    lesson, answer = progress.lesson, progress.item.answer
    if not lesson.fields:
        kind = context.kind_of(lesson.kind)
        return kind.echo(answer, progress.item.text, lesson.language) or lesson.label(answer)
    question = lesson.question(progress.step)
    if said:
        return wrong_fields(context, question, said, answer, compared(context, lesson))
    return values_shown(context, question, answer)


def end_text(context: Context, moved: LessonMoved) -> str:
    """Return the result of the assessment. Failing it takes nothing from the worker."""
    lesson = moved.progress.lesson
    if moved.state == "passed":
        return context.say("lesson.passed", right=moved.score, tests=lesson.tests)
    key = "lesson.failed" if moved.progress.attempts_left > 1 else "lesson.failed_today"
    return context.say(key, right=moved.score, tests=lesson.tests, needed=lesson.pass_mark)


def begin_text(context: Context, progress: LessonProgress) -> str:
    """Return the first words of a lesson, with the mistake for which it was assigned."""
    lesson, mistake = progress.lesson, progress.mistake
    if mistake is None:
        return context.say("lesson.begin", title=lesson.title, minutes=lesson.minutes)
    text = context.say("relearn.begin", wrong=mistake.wrong, seen=mistake.seen)
    if mistake.right:
        said, right = lesson.label(mistake.said), lesson.label(mistake.right)
        text = f"{text} {context.say('relearn.mistake', said=said, right=right)}"
    return text


def step_text(context: Context, progress: LessonProgress) -> str:
    """Return the text of a step that asks nothing."""
    item = progress.item
    if item.part == "explain":
        return item.text
    answer = answer_shown(context, progress)
    told = f"{context.say('lesson.answer', answer=answer)} {item.why}"
    return f"{context.say('lesson.example')} {item.text}\n{told}"


def head_text(context: Context, progress: LessonProgress) -> str:
    """Return the line above a question that tells practice from the assessment."""
    place, part = progress.lesson.place(progress.step), progress.item.part
    if part == "practise":
        return context.say("lesson.practise", number=place)
    return context.say("lesson.test", number=place, tests=progress.lesson.tests)


def _go_on(context: Context, progress: LessonProgress) -> Turn:
    step, text = _message(context, progress.at(progress.step + 1, progress.score), "")
    return Turn((LessonMoved(progress, step, progress.score),), text)


def _message(context: Context, progress: LessonProgress, lead: str) -> tuple[int, str]:
    """Return one SMS with `lead` and the next steps, and the step at which the worker then stands.

    Steps that ask nothing are followed by the next one while the message stays short.
    """
    text, at = _one(context, progress, lead), progress.step
    if progress.item.part in ASKS:
        return at, text
    told = _with(lead, step_text(context, progress))
    for step in range(progress.step + 1, len(progress.lesson.steps)):
        here = progress.at(step, progress.score)
        longer = _one(context, here, told)
        if segments(longer) > _SEGMENTS_MAX or not context.situation.capacity.carries(longer):
            break
        text, at = longer, step
        if here.item.part in ASKS:
            break
        told = _with(told, step_text(context, here))
    return at, text


def _one(context: Context, progress: LessonProgress, lead: str) -> str:
    """Return one SMS with `lead` and this step."""
    if progress.item.part not in ASKS:
        return _with(_with(lead, step_text(context, progress)), context.say("lesson.next"))
    asked = barest(progress.lesson.question(progress.step), context.language)
    return _with(_with(lead, head_text(context, progress)), asked)


def _not_understood(context: Context, progress: LessonProgress, reading: Reading) -> Turn:
    return Turn((), _one(context, progress, unclear_text(context, progress, reading)), unclear=True)


def unclear_text(context: Context, progress: LessonProgress, reading: Reading) -> str:
    """Return what is not clear about a reply, as a worker is told it at work."""
    lesson = progress.lesson
    for field in lesson.fields:
        found = reading.problems.get(field.name)
        if found and found.why != "entry.apart":
            return problem(context, lesson.question(progress.step), field, found)
    typed = context.kind_of(lesson.kind).VALUE not in ("", "text") or lesson.fields
    if typed and reading.why:
        return context.say(reading.why, **reading.told)
    return context.say("lesson.unclear")


def _put_off(context: Context) -> tuple[QuestionPutOff, ...]:
    """Put off every question that the worker holds by SMS, so that no reply can be mistaken."""
    items = waiting_questions(context.situation)
    held = open_question(context.situation)
    if not items and held and not held.lapsed:
        return (QuestionPutOff(held.assignment, held.question.task),)
    return tuple(QuestionPutOff(i.held.assignment, i.held.question.task) for i in items)


def _with(lead: str, text: str) -> str:
    return f"{lead}\n{text}" if lead else text


def messages_of(lesson: Lesson, books: Phrasebooks, kind_of: KindOf) -> Iterator[tuple[str, str]]:
    """Yield every SMS of a lesson with the name of the item that it begins with.

    The feedback is that to a wrong answer, which is the longest.
    """
    nobody = Situation(None, None, None, None, default_language=lesson.language)
    context = Context(nobody, books, kind_of)
    progress = LessonProgress(lesson)
    lead, step = f"{begin_text(context, progress)} {context.say('lesson.refunded')}", 0
    while step < len(lesson.steps):
        here = progress.at(step, 0)
        at, text = _message(context, here, lead)
        yield f"{here.item.part} {lesson.place(step)}", text
        item = lesson.steps[at]
        wrong = LessonMoved(here, at, 0, right=False)  # without a value, all fields are named
        lead = feedback(context, here.at(at, 0), wrong) if item.part in ASKS else ""
        step = at + 1
