"""A typed client of the gateway's API."""

from gateway_client.client import Client, GatewayProblem
from gateway_client.files import FileJob
from gateway_client.life import Change
from gateway_client.models import Answer, Progress, Quote, Result
from gateway_client.webhook import WrongSignature, verify_webhook

__all__ = [
    "Answer",
    "Change",
    "Client",
    "FileJob",
    "GatewayProblem",
    "Progress",
    "Quote",
    "Result",
    "WrongSignature",
    "verify_webhook",
]
