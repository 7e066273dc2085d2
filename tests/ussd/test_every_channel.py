"""The laws of every USSD channel: a file in the plug-in folder is tested by being there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base import plugins
from gateway.base.errors import Refused, SettingsError
from gateway.ussd import channels
from gateway.ussd.port import SessionEnd, UssdStep

KINDS = plugins.kinds(channels)
FIELDS = ["sessionId", "phoneNumber", "networkCode", "serviceCode", "text", "status", "cost",
          "session", "from", "completed", "durationInMillis"]  # fmt: skip
values = st.text(max_size=30) | st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "\ud800",
        " 254711000001",
        "KES 0.10",
        "KES 99999999999999999999",
        "XXX 1",
        "1*1",
        "x" * 300,
    ]
)
forms = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), values)


def made(kind, **options):
    module = plugins.load(channels, kind)
    return module.make("the-channel", module.EXAMPLE | options)


@pytest.mark.parametrize("kind", KINDS)
@given(form=forms)
def test_rubbish_is_parsed_or_refused(kind, form):
    channel = made(kind)
    for parse, type_ in ((channel.parse_step, UssdStep), (channel.parse_end, SessionEnd)):
        try:
            parsed = parse(form)
        except Refused:
            continue
        assert isinstance(parsed, type_)
        repr(parsed).encode()


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(), end=st.booleans())
def test_a_screen_has_its_word_first_and_is_never_empty(kind, text, end):
    body = made(kind).render(text, end=end, form={}).body.decode()
    assert body.startswith("END " if end else "CON ")
    assert body[4:].strip()
    assert not body[4].isspace()


@pytest.mark.parametrize("kind", KINDS)
def test_every_network_has_a_budget(kind):
    channel = made(kind)
    for network in (None, "", "63902", "63903", "99999", "rubbish"):
        limits = channel.network(network)
        assert 120 <= limits.screen_septets <= 182
        assert 0 < limits.idle_s < limits.total_s
        assert limits.input_characters >= 80


@pytest.mark.parametrize("kind", KINDS)
def test_budgets_are_set_by_the_operator(kind):
    channel = made(kind, budget_septets=140, budgets_septets={"63999": 130})
    assert channel.network("64110").screen_septets == 140
    assert channel.network("63999").screen_septets == 130
    channel = made(kind, networks={"63902": {"idle_s": 20}, "default": {"total_s": 120}})
    assert (channel.network("63902").idle_s, channel.network("63902").total_s) == (20, 180)
    assert (channel.network("65501").idle_s, channel.network("65501").total_s) == (30, 120)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "x"},
        {"budget_septets": 20},
        {"networks": {"63902": {"colour": 1}}},
        {"networks": {"63902": {"idle_s": 180}}},
        {"budgets_septets": {"63902": 500}},
        {"service_code": ""},
    ],
    ids=str,
)
def test_wrong_options_are_named(kind, wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        made(kind, **wrong)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_form_is_nobodys_step(kind):
    for parse in (made(kind).parse_step, made(kind).parse_end):
        with pytest.raises(Refused):
            parse({})
