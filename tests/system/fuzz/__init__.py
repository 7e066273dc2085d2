"""Random requests against a whole gateway: no fault, no effect of a forgery, no status that is not declared."""

from gateway.settings.apart import leave_every_gateway

leave_every_gateway()
