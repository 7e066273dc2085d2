"""Africa's Talking as a server, and the phones behind it.

It serves `POST /version1/messaging` for the gateway's outgoing SMS, posts the phones' SMS, USSD
steps and delivery reports to the gateway's URLs, and keeps a diary of both directions. It runs
inside the event loop of the program that drives the phones::

    async with CarrierServer(Terms(), Hooks.under("http://127.0.0.1:8000", sms="at/SECRET")) as c:
        print(c.url)            # the provider's address in the gateway's settings
        phone = c.phone("+254711000001")
"""

import asyncio
import secrets
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.simulator.carriers import at_forms as at
from gateway.simulator.carriers.terms import CarrierHooks, CarrierTerms
from gateway.simulator.diary import Sms, Tally, UssdExchange, Violation, tally
from gateway.simulator.faults import FaultPlan
from gateway.simulator.phones import Phone, PhoneScreen, UssdDialogue
from gateway.simulator.septets import fits_ussd, weigh
from gateway.simulator.wire import (
    Caller,
    HttpAnswer,
    SimulatedProvider,
    after_acting,
    before_acting,
)

PREFIXES: Final = ("CON ", "END ")
HTTP_OK: Final = 200


class CarrierServer(SimulatedProvider):
    """The provider. Its books are `phones`, `messages`, `hops` and `violations`."""

    def __init__(
        self,
        terms: CarrierTerms | None = None,
        hooks: CarrierHooks | None = None,
        plan: FaultPlan | None = None,
        *,
        port: int = 0,
        run: str = "",
    ) -> None:
        """Make a provider whose ids all begin with `run`.

        `run` is random unless given, because ids outlive a run.
        """
        self.terms = terms or CarrierTerms()
        self.hooks = hooks or CarrierHooks()
        self.plan = plan or FaultPlan()
        self.now = time.time
        self.balance_minor: int | None = None  # None means that it never runs dry
        self.phones: dict[str, Phone] = {}
        self.messages: list[Sms] = []
        self.hops: list[UssdExchange] = []
        self.violations: list[Violation] = []
        self.sessions = 0
        self.receipts_lost = 0  # receipts that the gateway did not answer with 200
        self._run = run or secrets.token_hex(5)
        self._made = 0
        self._caller = Caller(self.terms.deadline_s)
        self._tasks: set[asyncio.Task[None]] = set()
        self.routes = [
            Route("/version1/messaging", self._messaging, methods=["POST"]),
            Route("/version1/messaging", self._received, methods=["GET"]),
            Route("/version1/user", self._user, methods=["GET"]),
        ]
        super().__init__(Starlette(routes=self.routes), port)

    async def close(self) -> None:
        """Drop the work in progress."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._caller.close()

    async def settle(self) -> None:
        """Wait until every receipt and end-of-session notice was sent."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def phone(self, msisdn: str) -> Phone:
        """Return the phone with this number, which is made on first use."""
        found = self.phones.get(msisdn)
        if found is None:
            found = self.phones[msisdn] = Phone(msisdn, self, at.network_of(msisdn))
        return found

    def tally(self) -> Tally:
        return tally(self.messages, self.hops, self.sessions, len(self.violations))

    def new_ref(self, kind: str) -> str:
        self._made += 1
        return f"{kind}_{self._run}{self._made:08x}"

    # From the phones to the gateway

    async def carry_up(self, phone: Phone, to: str, text: str, ref: str | None) -> Sms:
        """Post a phone's SMS until the gateway answers 200 or the carrier gives up."""
        at_s = self._stamp(phone)
        ref = ref or self.new_ref("ATXid")
        sms = Sms(at_s, "from_phone", phone.msisdn, to, text, weigh(text), ref)
        form = at.inbound(phone.msisdn, to, text, sms.ref, sms.at)
        if "duplicate" in self.plan.draw("inbound", f"{phone.msisdn}|{text}"):
            self._spawn(self._tell(form, self.hooks.sms))
        give_up, attempts = self.now() + self.terms.retry_for_s, 0
        while True:
            attempts += 1
            answer = await self._caller.post_form(self.hooks.sms, form)
            if answer.status == HTTP_OK or self.now() + self.terms.retry_s > give_up:
                break
            await asyncio.sleep(self.terms.retry_s)
        sms = replace(sms, status=answer.status, attempts=attempts)
        self.messages.append(sms)
        return sms

    def _stamp(self, phone: Phone) -> float:
        """Return the time of an SMS that a phone sends now, at least a second after the one before.

        The provider's dates are whole seconds. No human types two SMS within one second, but a
        simulated worker would.
        """
        before = phone.sent[-1].at if phone.sent else -1.0
        return max(self.now(), before + 1.0)

    async def carry_hop(self, session: UssdDialogue, transcript: str) -> PhoneScreen:
        """Post one USSD step and check the answer against the provider's rules."""
        phone = session.phone
        if not session.hops:
            self.sessions += 1
        form = at.hop(session.ref, phone.msisdn, phone.network, session.service, transcript)
        began = time.perf_counter()
        said = "|".join(session.metadata[-1:])
        if "duplicate" in self.plan.draw("ussd", f"{phone.msisdn}|{transcript}"):
            answer = await self._twice(session, form, said)
        else:
            answer = await self._caller.post_form(self.hooks.ussd, form, said)
        took_s = time.perf_counter() - began
        session.hops += 1
        session.raw = answer.text
        if answer.metadata:
            session.metadata.append(answer.metadata)
        at_s = self.now()
        hop = UssdExchange(at_s, session.ref, phone.msisdn, session.service, transcript, answer.text,
                  weigh(answer.text[4:]), answer.status, took_s)  # fmt: skip
        phone.hops.append(hop)
        self.hops.append(hop)
        return self._judge(session, answer, took_s)

    async def end_session(self, session: UssdDialogue, status: str, error: str = "") -> None:
        """Notify the gateway, once, that a session is over."""
        if session.ended:
            return
        session.ended = True
        if not self.hooks.session_end:
            return
        end = at.SessionEndForm(
            at=self.now(),
            session=session.ref,
            service=session.service,
            network=session.phone.network,
            msisdn=session.phone.msisdn,
            status=status,
            cost_minor=self.terms.session_minor,
            currency=self.terms.currency,
            duration_s=self.now() - session.started_at,
            hops=session.hops,
            metadata="|".join(session.metadata),
            transcript=session.transcript,
            last_screen=session.raw,
            error=error,
        )
        self._spawn(self._tell(at.session_end(end), self.hooks.session_end))

    async def _twice(self, session: UssdDialogue, form: dict[str, str], said: str) -> HttpAnswer:
        """Repeat a step at once, as a network does. Both answers must be the same screen."""
        url = self.hooks.ussd
        one, two = await asyncio.gather(
            self._caller.post_form(url, form, said), self._caller.post_form(url, form, said)
        )
        if (one.status, one.text) != (two.status, two.text):
            self._note(session, "two screens for one step", f"{one.text!r} / {two.text!r}")
        return one

    def _judge(self, session: UssdDialogue, answer: HttpAnswer, took_s: float) -> PhoneScreen:
        body = answer.text
        rule = ""
        if answer.status != HTTP_OK:
            rule = f"HTTP {answer.status}" if answer.status else body
        elif took_s > self.terms.deadline_s:
            rule = f"answered after {took_s:.1f} s"
        elif not body.startswith(PREFIXES):
            rule = "does not begin with CON or END"
        elif not fits_ussd(body[4:]):
            # The handset cuts a long screen but does not end the session.
            self._note(session, "longer than one screen", body)
        elif not body[4:].strip():
            self._note(session, "an empty screen", body)
        if rule:
            self._note(session, rule, body)
            return PhoneScreen("Connection problem or invalid MMI code.", open=False, took_s=took_s,
                          fault=rule)  # fmt: skip
        return PhoneScreen(body[4:], open=body.startswith("CON "), took_s=took_s)

    def _note(self, session: UssdDialogue, rule: str, shown: str) -> None:
        self.violations.append(
            Violation(self.now(), session.phone.msisdn, session.ref, rule, shown[:400])
        )

    # From the gateway to the phones

    async def _received(self, request: Request) -> Response:
        """Return the texts of phones after the message `lastReceivedId` ("0": from the first)."""
        if not self._knows(request, request.query_params.get("username", "")):
            return Response(at.BAD_KEY, 401, media_type="text/plain")
        came = [sms for sms in self.messages if sms.way == "from_phone"]
        after = request.query_params.get("lastReceivedId", "0")
        seen = next((n + 1 for n, sms in enumerate(came) if sms.ref == after), 0)
        listed = [at.inbound(s.msisdn, s.peer, s.text, s.ref, s.at) for s in came[seen:]]
        return JSONResponse({"SMSMessageData": {"Messages": listed}})

    async def _user(self, request: Request) -> Response:
        if not self._knows(request, request.query_params.get("username", "")):
            return Response(at.BAD_KEY, 401, media_type="text/plain")
        left = self.balance_minor if self.balance_minor is not None else 1_000_00
        balance = f"{self.terms.currency} {left / 100:.2f}"
        return JSONResponse({"UserData": {"balance": balance}})

    def _knows(self, request: Request, user: str) -> bool:
        terms = self.terms
        return request.headers.get("apikey") == terms.api_key and terms.username in ("", user)

    async def _messaging(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        faults = self.plan.draw("sms", f"{form.get('to')}|{form.get('message')}")
        if faults and (early := await before_acting(self.plan, faults)):
            return early
        terms = self.terms
        if not self._knows(request, form.get("username", "")):
            return Response(at.BAD_KEY, 401, media_type="text/plain")
        for field in ("username", "to", "message"):
            if not form.get(field):
                text = f"Request is missing required form field '{field}'"
                return Response(text, 400, media_type="text/plain")
        sender = form.get("from", "")
        if terms.sender_ids and sender not in terms.sender_ids:
            return Response(at.refusal("InvalidSenderId"), 201, media_type="application/json")
        queued = form.get("enqueue", "").lower() in ("1", "true")
        fates = [
            self._accept(to.strip(), sender, form["message"], queued=queued)
            for to in form["to"].split(",")
        ]
        refused_by_night = [fate.status_code for fate in fates] == [409]
        body = at.reply(terms.currency, fates)
        return after_acting(
            faults,
            lambda: Response(body, 409 if refused_by_night else 201, media_type="application/json"),
        )

    def _accept(
        self, number: str, sender: str, text: str, *, queued: bool = False
    ) -> at.RecipientStatus:
        weight = weigh(text)
        cost_minor = weight.segments * self.terms.price_minor
        status = at.magic_status(number) if self.plan.magic else 101
        if not (number.startswith("+") and number[1:].isdigit() and 8 <= len(number) <= 16):  # noqa: PLR2004
            status = 403
        elif self.balance_minor is not None and self.balance_minor < cost_minor:
            status = 405
        if status not in at.ACCEPTED:
            return at.RecipientStatus(number, status, "None", 0)
        if queued:
            status = at.QUEUED
        if self.balance_minor is not None:
            self.balance_minor -= cost_minor
        ref = self.new_ref("ATXid")
        sms = Sms(self.now(), "to_phone", number, sender, text, weight, ref, cost_minor)
        self._deliver(sms)
        return at.RecipientStatus(number, status, sms.ref, cost_minor)

    def _deliver(self, sms: Sms) -> None:
        status, reason = "Success", ""
        if self.plan.magic and (tail := sms.msisdn[-at.MAGIC_DIGITS :]) in at.MAGIC_RECEIPT:
            fate = at.MAGIC_RECEIPT[tail]
            status, reason = fate or ("", "")
        self.messages.append(sms)
        if status == "Success":
            self.phone(sms.msisdn).receive(sms)
        if self.hooks.receipt and self.terms.receipts and status:
            self._spawn(self._receipt(at.receipt(sms.ref, sms.msisdn, status, reason)))

    async def _receipt(self, form: dict[str, str]) -> None:
        faults = self.plan.draw("receipt", form["phoneNumber"])
        await asyncio.sleep(self.plan.late_s if "late" in faults else self.terms.receipt_delay_s)
        if "lost" in faults:
            return
        await self._tell(form, self.hooks.receipt)
        if "duplicate" in faults:
            await self._tell(form, self.hooks.receipt)

    async def _tell(self, form: dict[str, str], url: str) -> None:
        answer = await self._caller.post_form(url, form)
        self.receipts_lost += url == self.hooks.receipt and answer.status != HTTP_OK

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
