"""Faults between a business and its operator: the books stay right."""

import contextlib
import json

import aiohttp
import pytest

CUT = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)


@pytest.fixture
def faulty(business):
    async def plan(kind: str, /, *faults: str, **more: object) -> None:
        body = {"rates": {kind: dict.fromkeys(faults, 1)}, "slow_s": 0.05, "late_s": 0.2, "lag_s": 5, **more}  # fmt: skip
        await business.sign_in()
        assert '"ok":true' in await business.admin("faults", body)

    return plan


async def test_dropped_before_the_operator_knows_nothing(business, faulty):
    await faulty("b2c", "drop_before")
    with pytest.raises(CUT):
        await business.pay("k1")
    assert (await business.books())["requests"] == 0
    await business.admin("faults", "none")
    assert (await business.pay("k1"))[0] == 200


async def test_dropped_after_the_money_is_sent(business, faulty, gateway):
    await faulty("b2c", "drop_after")
    with pytest.raises(CUT):
        await business.pay("k1")
    assert (await business.books())["payouts"] == 1
    assert len(gateway.at("/k1")) == 1


async def test_a_key_whose_answer_was_lost_is_a_duplicate_when_it_comes_again(business, faulty):
    await faulty("b2c", "drop_after")
    with pytest.raises(CUT):
        await business.pay("k1")
    await business.admin("faults", "none")
    status, body = await business.pay("k1")
    assert (status, body["errorCode"]) == (500, "500.002.1001")
    assert (await business.books())["payouts"] == 1


@pytest.mark.parametrize(
    ("fault", "status", "payouts"), [("error_before", 503, 0), ("error_after", 504, 1)]
)
async def test_a_5xx_does_not_tell_whether_it_was_paid(business, faulty, fault, status, payouts):
    await faulty("b2c", fault)
    with pytest.raises(aiohttp.ContentTypeError) as error:
        await business.pay("k1")
    assert error.value.status == status
    assert (await business.books())["payouts"] == payouts


async def test_the_result_may_come_before_the_answer(business, faulty, gateway):
    await faulty("b2c", "result_early")
    await business.pay("k1")
    assert len(gateway.at("/k1")) == 1


async def test_the_result_may_be_lost_late_or_told_twice(business, faulty, gateway):
    await faulty("b2c", "result_lost")
    await business.pay("k1")
    books = await business.books()
    assert (gateway.heard, books["payouts"], books["callbacks"]) == ([], 1, {"lost": 1})
    await faulty("b2c", "result_duplicate", "result_late")
    await business.pay("k2")
    await business.books()
    one, two = gateway.at("/k2")
    assert one.raw == two.raw


async def test_a_malformed_result_is_no_json(business, faulty, gateway):
    await faulty("b2c", "result_malformed")
    await business.pay("k1")
    await business.books()
    with pytest.raises(json.JSONDecodeError):
        assert gateway.heard[0].result


async def test_a_forged_result_claims_another_amount_and_comes_first(business, faulty, gateway):
    await faulty("b2c", "result_forged")
    await business.pay("k1", PartyB="254711092040")
    books = await business.books()
    lie, truth = gateway.at("/k1")
    assert (lie.result["ResultCode"], lie.shown["TransactionAmount"]) == (0, 99_999)
    assert truth.result["ResultCode"] == 2040
    assert books["paid_minor"] == 0


async def test_a_timeout_notice_is_the_request_itself_and_the_money_still_goes(business, faulty, gateway):  # fmt: skip
    await faulty("b2c", "timeout_notice")
    await business.pay("k1")
    books = await business.books()
    notice, result = gateway.heard
    assert notice.path == "/hooks/p/timeout-k1"
    assert b'"OriginatorConversationID": "k1"' in notice.raw
    assert result.result["ResultCode"] == 0
    assert books["payouts"] == 1


async def test_a_lagging_status_says_not_found(business, faulty, gateway):
    await faulty("status", "status_lag")
    await business.pay("k1")
    await business.books()
    await business.ask(OriginalConversationID="k1")
    await business.books()
    assert gateway.at("/query")[0].result["ResultCode"] == 2032
    await faulty("status", "status_lag", lag_s=0)
    await business.ask(OriginalConversationID="k1")
    await business.books()
    assert gateway.at("/query")[1].shown["TransactionStatus"] == "Completed"


async def test_a_status_query_may_time_out(business, faulty, gateway):
    await faulty("status", "timeout_notice")
    await business.ask(OriginalConversationID="k1")
    await business.books()
    assert [one.path for one in gateway.heard] == ["/hooks/p/query-timeout"]


async def test_a_token_may_be_ended_by_another_process(business, faulty):
    await faulty("token", "token_invalidated")
    await business.sign_in()
    assert (await business.pay("k1"))[0] == 401


async def test_the_judge_sees_an_operator_that_pays_twice(business, faulty):
    await faulty("b2c", "execute_twice")
    await business.pay("k1")
    books = await business.books()
    assert (books["payouts"], books["duplicates"], books["paid_minor"]) == (2, 1, 20600)
    assert books["by_key"]["k1"]["executions"] == 2


async def test_float_may_be_refused_although_there_is_some(business, faulty, gateway):
    await faulty("b2c", "float_empty")
    await business.pay("k1")
    await business.books()
    assert gateway.heard[0].result["ResultCode"] == 1


async def test_one_seed_gives_one_history(business):
    async def history(prefix: str) -> list[tuple[str, str]]:
        rates = {"result_lost": 0.3, "float_empty": 0.3, "error_after": 0.3}
        await business.admin("faults", {"seed": 11, "by": "turn", "rates": {"b2c": rates}})
        for n in range(30):
            with contextlib.suppress(aiohttp.ContentTypeError):
                await business.pay(f"{prefix}{n}", PartyB=f"2547110000{n:02}")
        books = await business.books()
        entries = {key: one for key, one in books["by_key"].items() if key.startswith(prefix)}
        return [(one["state"], one["code"]) for one in entries.values()]

    first = await history("a")
    assert first == await history("b")
    assert {state for state, _ in first} == {"paid", "refused"}


async def test_a_plan_that_cannot_be_is_refused(business):
    assert "knows no fault" in await business.admin("faults", {"rates": {"b2c": {"boom": 1}}})
