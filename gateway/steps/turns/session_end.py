"""The end of a USSD session: a question that was left open may follow the worker as one SMS."""

from gateway.base.ids import WorkerId
from gateway.base.msisdn import normalise
from gateway.conversation.context import Context
from gateway.conversation.facts import Asked, Turn
from gateway.conversation.situation import HeldQuestion
from gateway.conversation.work.asking import question_sms
from gateway.conversation.work.multi_question import ask_again, current_questions
from gateway.steps.messages import contact_hours
from gateway.steps.messages.compose import message
from gateway.steps.runtime import Channel, Runtime
from gateway.steps.turns.facts import asked_part
from gateway.steps.turns.understand import Understood, understand
from gateway.store.turns import sessions, turns
from gateway.ussd.port import SessionEnd

_AT_WORK = frozenset({"question", "record_check", "record_which"})
"""The views that show a question. The last two show the record that was typed."""


async def hang_up(rt: Runtime, channel: Channel, end: SessionEnd) -> None:
    """Record the end of a session.

    A question in which the session was dropped is sent as an SMS, once, if the worker may be
    prompted now.
    """
    msisdn = normalise(channel.number(end.msisdn), rt.settings.region)
    index = rt.vault.index(msisdn)
    stood = await sessions.end(rt.db, channel.name, end.session, index, completed=end.completed)
    if stood is None or end.completed or stood.view not in _AT_WORK:
        return
    if not rt.settings.resume_by_sms:
        return
    sms_channel = rt.channels[channel.name if channel.sms else rt.settings.sms_channel]
    row = await turns.read_situation(
        rt.db, turns.InboundEvent(channel.name, "push", "", index, b"")
    )
    understood = await understand(rt, sms_channel, row)
    worker, held = understood.situation.worker, understood.situation.held
    if worker is None or worker.state != "active" or held is None or not held.open or held.lapsed:
        return
    if str(held.question.task) != stood.memory.get("task"):
        return  # The worker has answered it, or holds another question by now.
    if not await contact_hours.may_prompt(rt, worker.id):
        return
    if row.held_item is not None and row.held_via == "sms":
        return  # The question is one of several in an SMS, where the worker can still read it.
    said = _asked_again(rt, understood, held)
    # The SMS is sent once per question, however often its session is dropped.
    cause = f"dropped:{held.assignment}"
    assert said.reply is not None
    prompt = message(
        rt, sms_channel.name, WorkerId(worker.id), msisdn, said.reply, "question", cause=cause
    )
    parts = [turns.put_message(prompt)]
    if row.held_via == "ussd":
        # From here on an SMS may answer it.
        asked = sorted((f for f in said.facts if isinstance(f, Asked)), key=lambda f: f.task)
        parts += [asked_part(rt, row, understood, fact, "sms") for fact in asked]
    await rt.db.write(parts)
    rt.jobs.enqueue("deliver", sms_channel.name)


def _asked_again(rt: Runtime, understood: Understood, held: HeldQuestion) -> Turn:
    """Return the question in which the session was dropped.

    If it came with others in one SMS, all that still want an answer follow, under their numbers.
    """
    context = Context(understood.situation, rt.books, rt.kind_of)
    items = [
        i for i in current_questions(understood.situation) if i.held.open and not i.held.lapsed
    ]
    if items:
        facts = tuple(Asked(item.held.question.task, item.number) for item in items)
        return ask_again(context, "", facts, items)
    hint = context.kind(held.question).hint_key()
    text = question_sms(held.question, context.language, rt.books, hint_key=hint)
    return Turn((Asked(held.question.task),), text)
