"""Random requests against a whole gateway.

There is no fault, no effect of a forgery, and no status that is not declared.
"""

from gateway.settings.apart import leave_every_gateway

leave_every_gateway()
