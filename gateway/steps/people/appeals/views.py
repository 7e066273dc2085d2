"""An answer of a worker, and her appeal about it, as the conversation receives them."""

from datetime import timedelta

from gateway.base.ids import WorkerId, answer_of_ref, answer_ref
from gateway.conversation.explained import AnswerInQuestion, AppealState, AppealView, Looker
from gateway.steps.people.appeals.shown_answers import shown_answers
from gateway.steps.quality.comparison import compared_as
from gateway.steps.runtime import Runtime
from gateway.store.people import appeals
from gateway.store.quality import explained_answers
from gateway.store.quality.explained_answers import AnswerFacts

_FOUND_MAX = 20
_IN_FORCE = ("open", "disputed", "standing", "done")
_DECIDED: dict[str, AppealState] = {"upheld": "upheld", "stands": "stands", "lapsed": "lapsed"}


async def explained(
    rt: Runtime, worker: WorkerId, ref: str, language: str
) -> AnswerInQuestion | None:
    """Return the answer that a reference means, or None where it means none of this worker's."""
    facts = await _facts(rt, worker, ref)
    return await _view(rt, worker, facts, ref, language) if facts else None


async def lately_wrong(
    rt: Runtime, worker: WorkerId, language: str, *, days: int, most: int
) -> list[AnswerInQuestion]:
    """Return the worker's newest answers that do not count as right, of the last days."""
    since = rt.clock.now() - timedelta(days=days)
    found: list[AnswerInQuestion] = []
    for facts in await explained_answers.doubtful_facts(rt.db, worker, since, _FOUND_MAX):
        if facts.case_state in _IN_FORCE or await fate_of(rt, facts) == "wrong":
            ref = facts.appeal_ref or facts.case_ref or answer_ref(facts.answer)
            found.append(await _view(rt, worker, facts, ref, language))
        if len(found) == most:
            break
    return found


async def appeal_view(rt: Runtime, worker: WorkerId, ref: str) -> AppealView | None:
    """Return what an appeal with this reference would meet; None for a reference of no case."""
    facts = await _facts(rt, worker, ref)
    if facts is None:
        return None
    state = await _state(rt, worker, facts)
    looker, handler = await _looker(rt, worker, facts)
    return AppealView(ref, facts.answer, state, looker, _day(rt, facts), handler)


async def fate_of(rt: Runtime, facts: AnswerFacts) -> str:
    """Return whether an answer counts as right or wrong, or is open."""
    if facts.gold_right is not None:
        return "right" if facts.gold_right else "wrong"
    if not facts.decided or facts.truth is None or facts.void:
        return "open"
    batch = await rt.batches.get(facts.batch)
    same = rt.kind_of(facts.kind).ANSWERS.same(
        facts.value, facts.truth, compared_as(rt.kind_of, batch)
    )
    return "right" if same else "wrong"


async def _facts(rt: Runtime, worker: WorkerId, ref: str) -> AnswerFacts | None:
    answer = answer_of_ref(ref)
    if answer is not None:
        return await explained_answers.answer_facts(rt.db, worker, answer)
    return await explained_answers.case_facts(rt.db, worker, ref)


async def _view(
    rt: Runtime, worker: WorkerId, facts: AnswerFacts, ref: str, language: str
) -> AnswerInQuestion:
    in_force = facts.case_state in _IN_FORCE
    fate = "wrong" if in_force else await fate_of(rt, facts)
    looker, handler = await _looker(rt, worker, facts)
    answer, truth = await shown_answers(rt, facts.batch, facts.value, facts.truth or "", language)
    batch = await rt.batches.get(facts.batch)
    return AnswerInQuestion(
        ref=ref,
        question=facts.text,
        # A typed text is repeated in the worker's own words.
        answer=answer if batch.options or batch.fields else facts.said,
        truth=truth,
        fate="wrong" if fate == "wrong" else "right" if fate == "right" else "open",
        amount_minor=facts.case_minor if in_force else 0,
        appeal=await _state(rt, worker, facts),
        looker=looker,
        day=_day(rt, facts),
        answer_id=facts.answer,
        handler=handler,
    )


async def _state(rt: Runtime, worker: WorkerId, facts: AnswerFacts) -> AppealState:
    if facts.appeal_state == "waiting":
        return "waiting"
    if facts.appeal_state:
        return _DECIDED[facts.appeal_state]
    if facts.case_state not in _IN_FORCE and await fate_of(rt, facts) != "wrong":
        return "none"
    rules = rt.settings.appeals
    open_case = facts.case_state == "open"
    if not open_case and facts.created_at < rt.clock.now() - timedelta(days=rules.within_days):
        return "late"
    if await appeals.waiting_count(rt.db, worker) >= rules.waiting_most:
        return "many"
    return "may"


async def _looker(rt: Runtime, worker: WorkerId, facts: AnswerFacts) -> tuple[Looker, int | None]:
    if facts.appeal_state:
        handler = facts.appeal_handler
        own = handler is not None and await appeals.is_own(rt.db, worker, handler)
    else:
        handler, own = await appeals.handler_of(rt.db, worker, facts.answer)
    return role(handler, own=own), handler


def role(handler: int | None, *, own: bool) -> Looker:
    """Return the role that looks at an appeal."""
    if handler is None:
        return "office"
    return "own" if own else "other"


def _day(rt: Runtime, facts: AnswerFacts) -> str:
    due = facts.appeal_due_at or rt.clock.now() + timedelta(days=rt.settings.appeals.days)
    return f"{due:%d/%m}"
