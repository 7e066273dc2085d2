"""The rules for every payout provider. A file in the folder is tested by being there."""

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.base import plugins
from gateway.base.errors import SettingsError
from gateway.payments import providers
from gateway.payments.port import Order, PaymentStatus, Status, SubmitOutcome

KINDS = plugins.kinds(providers)
KEY = "7b0e6f3c-6a83-4f0e-9d5c-0e6b7c7f6a10"
BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Tokens:
    """Tokens in memory."""

    def __init__(self):
        self.kept = {}

    async def get(self, name):
        return self.kept.get(name)

    async def put(self, name, token, lives_s):
        self.kept[name] = token

    async def drop(self, name, token):
        self.kept.pop(name, None)


def made(kind, **options):
    module = plugins.load(providers, kind)
    return module.make("the-provider", {**module.EXAMPLE, **options}, Tokens())


@pytest.mark.parametrize("kind", KINDS)
def test_it_knows_its_name_and_its_limits(kind):
    provider = made(kind)
    assert provider.name == "the-provider"
    assert 0 < provider.minimum_minor <= provider.maximum_minor
    assert provider.dedups in {True, False}


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_option_is_an_error_that_names_the_provider_and_shows_no_value(kind):
    with pytest.raises(SettingsError, match=r"the-provider.*colour") as wrong:
        made(kind, colour="k-secret")
    assert "k-secret" not in str(wrong.value)


@pytest.mark.parametrize("kind", KINDS)
def test_options_are_needed(kind):
    with pytest.raises(SettingsError, match="the-provider"):
        plugins.load(providers, kind).make("the-provider", {}, Tokens())


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_secret_shows(kind):
    provider = made(kind)
    shown = repr(provider) + repr(vars(provider))
    assert "k-secret" not in shown, "keep secrets as SecretStr, and open them where they are sent"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrong", ["currency", "amount", "number"])
async def test_an_order_that_cannot_be_paid_is_refused_before_any_call(kind, wrong):
    provider = made(kind)
    order = Order(
        KEY,
        "0733" if wrong == "number" else "+254712345678",
        10**12 if wrong == "amount" else provider.minimum_minor,
        "XTS" if wrong == "currency" else "KES",
        "",
        "",
        "",
    )
    async with aiohttp.ClientSession() as http:
        answer = await provider.submit(http, order)
    assert (answer.outcome, answer.code) == (SubmitOutcome.REJECTED, "order"), (
        f"an order with a wrong {wrong} is REJECTED with the code `order` before any call"
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_a_question_that_reaches_no_provider_leaves_the_payout_open(kind):
    order = Order(KEY, "+254712345678", 1000, "KES", "", "", "")
    async with aiohttp.ClientSession() as http:
        status = await made(kind).ask(http, order)
    assert status.found in {PaymentStatus.NO_ANSWER, PaymentStatus.PENDING}, (
        "a lost question proves nothing: neither FAILED nor NOT_FOUND"
    )


@pytest.mark.parametrize("kind", KINDS)
@BUSY
@given(body=st.binary(max_size=80) | st.sampled_from([b"{}", b"[]", b"null", b'{"status": {}}']))
def test_rubbish_in_a_callback_settles_nothing(kind, body):
    status = made(kind).parse_callback(body, {})
    assert isinstance(status, Status)
    assert status.found is PaymentStatus.NO_ANSWER, "a body that is not understood is NO_ANSWER"
