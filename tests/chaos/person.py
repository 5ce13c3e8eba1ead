"""The person who ends what the engine may not end alone: a sale that was proven absent twice."""

from scripts.backoffice import BackOffice

ASKED = "SELECT id FROM pg_topup WHERE client_key LIKE %s AND state = 'in_doubt' AND needs_person"


def decide(platform, chaos):
    """Say of each sale that asks a person that it was not delivered, and wait for its refund.

    Was one delivered after all, the judge finds a delivery and a refund.
    """
    asked = platform.sql(ASKED, chaos.pattern)
    office = BackOffice(platform.base_url, platform.database, "admin", "admin")
    for row in asked:
        values = {
            "topup_id": row["id"],
            "decision": "not_delivered",
            "reason": "The supplier holds no such transfer.",
        }
        [wizard] = office.call("pg.topup.resolve", "create", [values])
        office.call("pg.topup.resolve", "action_apply", [wizard])
    if asked:
        chaos.drain(90)
