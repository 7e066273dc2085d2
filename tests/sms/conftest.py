"""A local stand-in for a provider: keeps every request, and answers what it is told to."""

import asyncio
from dataclasses import dataclass
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from hypothesis import HealthCheck, settings

from tests.support.served import served

# Machines under test are busy: how long an example takes says nothing here.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@dataclass
class Request:
    path: str
    query: dict
    headers: dict
    body: bytes

    @property
    def form(self):
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def to(self):
        return self.form.get("to", "").split(",")


class Provider:
    def __init__(self):
        self.requests = []
        self.answer = lambda _: web.Response()

    async def handle(self, request):
        kept = Request(
            request.path, dict(request.query), dict(request.headers), await request.read()
        )
        self.requests.append(kept)
        reply = self.answer(kept)
        return await reply if asyncio.iscoroutine(reply) else reply


@pytest.fixture
async def provider():
    stand_in = Provider()
    async with served(stand_in.handle) as stand_in.url:
        yield stand_in
