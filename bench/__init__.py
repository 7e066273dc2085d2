"""Benchmarks.

Each stays apart from every real gateway, also when it is run by itself (`python -m bench.drain`).
"""

from gateway.settings.apart import leave_every_gateway

leave_every_gateway()
