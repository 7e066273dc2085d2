"""The rights of the gateway's own database role, if the tables belong to another role.

The role may do nothing that rewrites history.
"""

import re

from gateway.base.errors import Refused

# Rows are only ever added to these tables. Balances follow by trigger, with the owner's rights.
GROWING = (
    "transfer",
    "account",
    "seal",
    "payout_event",
    "consent",
    "adjustment_event",
    "appeal_event",
    "person_event",
    "coordinator_event",
    "partner_event",
    "partner_criterion",
    "partner_invoice_item",
    "batch_share_event",
)
_ROLE = re.compile(r"^[a-z_][a-z0-9_]{0,62}$")


def grants(role: str) -> str:
    """Return the statements that the owner runs, again after each migration.

    Raises Refused for a text that cannot be a role's name.
    """
    if not _ROLE.match(role):
        raise Refused(
            f"{role!r} is not a name of a role: use small letters, digits and _", field="role"
        )
    return f"""grant usage on schema public to {role};
grant select, insert, update, delete on all tables in schema public to {role};
grant usage, select on all sequences in schema public to {role};
grant execute on all functions in schema public to {role};
revoke update, delete, truncate on {", ".join(GROWING)} from {role};
"""
