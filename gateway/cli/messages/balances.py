"""The balances with the providers of messages, for two lines of `gateway doctor`."""

import asyncio
from dataclasses import dataclass

from gateway.base.errors import Failed
from gateway.sms.port import TellsBalance
from gateway.steps.runtime import Runtime

_ANSWER_S = 5.0


@dataclass(frozen=True, slots=True)
class Balance:
    """The balance with a provider of messages.

    `said` is the provider's own text. `failed` is the reason why there is none. `refused` says that
    the provider does not know the credentials.
    """

    channel: str
    said: str = ""
    failed: str = ""
    refused: bool = False


async def balances(rt: Runtime) -> list[Balance]:
    found = list[Balance]()
    for name, channel in rt.channels.items():
        if not isinstance(channel.sms, TellsBalance):
            continue
        try:
            async with asyncio.timeout(_ANSWER_S):
                found.append(Balance(name, await channel.sms.balance(rt.http)))
        except TimeoutError:
            found.append(Balance(name, failed=f"no answer within {_ANSWER_S:.0f} s"))
        except Failed as failed:
            found.append(Balance(name, failed=str(failed), refused=not failed.retryable))
    return found
