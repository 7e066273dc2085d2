"""The benchmarks. Each keeps apart from every real gateway, even when it is run by itself."""

from gateway.settings.apart import leave_every_gateway

leave_every_gateway()
