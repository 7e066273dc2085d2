"""The guards between the workers' money and each way to lose or double it.

The tests prove that each of these guards is needed.
"""

from gateway.settings.apart import leave_every_gateway

leave_every_gateway()
