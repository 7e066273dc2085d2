"""No text shows a database's password, however its address is written."""

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.base import redaction
from gateway.base.errors import SettingsError
from gateway.base.redaction import passwords_of, redacted, redacted_values, shown_address
from gateway.queue.runner import connect_redis
from gateway.store.db import open_database

SECRET = "TOPSECRET"
ADDRESSES = [
    f"postgresql://h/x?user=u&password={SECRET}",
    f"postgresql://h/x?password={SECRET}&user=u",
    f"postgresql://h/x?sslpassword={SECRET}",
    f"postgresql://u:TOP:{SECRET}/x",
    f"postgresql://u:TOP:{SECRET}@h/x",
    f"postgresql://u:p@{SECRET}@h/x",
    f"postgresql://u:{SECRET}@p@h/x",
    f"postgresql://u:a/{SECRET}@h/x",
    f"postgresql://u:a?{SECRET}@h/x",
    f"postgresql://u:a#{SECRET}@h/x",
    f"postgresql://u:a b {SECRET}@h/x",
    f"postgresql://u:%41{SECRET}@h/x",
    f"postgresql+asyncpg://u:{SECRET}@[::1]:5432/x",
    f"postgres://u:{SECRET}@h1:5432,h2:5432/x",
    f"POSTGRESQL://u:{SECRET}@h/x",
    f"redis://:{SECRET}@h:6379/0",
    f"redis://u:{SECRET}@h:6379/0",
    f"rediss://u:p%40{SECRET}@h:6379/0",
    f"rediss://h:6379/0?password={SECRET}",
    f"unix://:{SECRET}@/run/redis.sock?db=0",
    f"unix:///run/redis.sock?password={SECRET}",
    f"host=h user=u password={SECRET}",
    f"host=h password='{SECRET} with blanks' user=u",
    f"https://u:{SECRET}@example.org/x",
]


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(redaction, "_remembered", set())


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("around", ["{}", "no answer at {} (timeout)", "'{}'", "{}, then more"])
def test_an_address_in_any_text_is_shown_without_its_password(address, around):
    assert SECRET not in redacted(around.format(address))
    assert SECRET not in shown_address(address)


@pytest.mark.parametrize("address", [a for a in ADDRESSES if a.lower().startswith("postgres")])
async def test_an_error_about_a_database_does_not_say_its_password(address):
    with pytest.raises(SettingsError) as told:
        await open_database(address.replace("@h", "@127.0.0.1:1").replace("//h/", "//127.0.0.1:1/"))
    assert SECRET not in redacted(str(told.value))
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("address", [a for a in ADDRESSES if a.startswith(("redis", "unix"))])
def test_an_error_about_redis_does_not_say_its_password(address):
    with pytest.raises(SettingsError) as told:
        connect_redis(
            address.replace("@h:6379", "@127.0.0.1:1").replace("//h:6379", "//127.0.0.1:1")
        )
    assert SECRET not in str(told.value)


def test_what_helps_the_operator_stays():
    assert redacted("no answer at postgresql://u:x@db.example.org:5432/gw?sslmode=require") == (
        "no answer at postgresql://***@db.example.org:5432/gw?sslmode=require"
    )
    assert redacted("redis://h:6379/0 answers") == "redis://h:6379/0 answers"
    socket = "postgresql://gateway@/gateway?host=/run/gateway-1&port=5432"
    assert "/gateway?host=/run/gateway-1&port=5432" in redacted(socket)
    for plain in (
        "the secret of its address is short",
        "password: is not set in the settings",
        "see https://example.org/x?a=b",
        "12:30 the batch b_1 is done",
    ):
        assert redacted(plain).startswith(plain[:9])


@given(password=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=4, max_size=30))
def test_any_password_in_any_form_of_a_configured_address_is_hidden(password):
    forms = {
        f"postgresql://u:{password}@h/x",
        f"postgresql://u:{quote(password, safe='')}@h/x",
        f"redis://:{quote_plus(password)}@h/0",
        f"postgresql://h/x?user=u&password={quote_plus(password)}",
    }
    for address in forms:
        secrets = passwords_of(address)
        assume(password.strip())
        redaction._remembered = secrets
        for said in (address, f"cannot connect to {address}: no", repr(address)):
            for form in {password, quote(password, safe=""), quote_plus(password)}:
                if (
                    len(form) >= 4
                    and form not in "postgresql://u:@h/x redis cannot connect to no ***"
                ):
                    assert form not in redacted(said), (address, said)
    redaction._remembered = set()


@given(password=st.text("abcXYZ019:@/#?%&=+~!$;,. ", min_size=5, max_size=20))
def test_a_password_between_user_and_host_is_hidden_without_being_known(password):
    assume(password.strip() and not password.endswith(("@", "/")))
    marked = f"Q{password}Q"
    assert marked not in redacted(f"at postgresql://u:{marked}@db.example.org:5432/x")
    assert marked not in redacted(f"at rediss://u:{marked}@db.example.org:6379/0")


def test_values_are_hidden_by_their_name_and_however_deep():
    told = redacted_values(
        {"password": "x1", "api_key": "x2", "a": {"consumer_secret": "x3", "b": ["redis://:x4@h"]}}
    )
    assert not any(f"x{n}" in str(told) for n in range(1, 5))
    assert redacted_values({"n": 1, "ok": True, "secret": None}) == {
        "n": 1,
        "ok": True,
        "secret": None,
    }
