"""Many workers that tell customers of the same deliveries at the same moment.

    PG_… python -m tests.inside tests.chaos.notice_race TOPUPS WORKERS

Each worker has its own connection. Prints {"notices", "mails", "told": {how often: top-ups}}.
"""

import json
import sys
import threading
import uuid
from collections import Counter

from odoo.addons.pg_base.tools.steps import step
from odoo.tools import SQL

from tests.chaos.credit_race import place
from tests.inside import open_registry


def prepare(env, count):
    """Return so many orders with a notice that is due."""
    topups = env["pg.topup"]
    for _index in range(count):
        topups += place(env, f"{uuid.uuid4().hex}@customer.example")
    env.flush_all()
    env.cr.execute(SQL("UPDATE pg_topup SET state = 'completed' WHERE id IN %s", tuple(topups.ids)))
    env.invalidate_all()
    for topup in topups:
        topup._queue_notices("delivered")
    return topups.ids


def switch(env, *, on):
    """Switch the platform's own cron on or off."""
    cron = env.ref("pg_topup.cron_notices")
    env.cr.execute(SQL("UPDATE ir_cron SET active = %s WHERE id = %s", on, cron.id))


def tell(registry, barrier):
    """Send what is due, as a cron does."""
    barrier.wait()
    with step(registry) as env:
        env["pg.topup.notice"]._cron_send()


def main():
    count, workers = int(sys.argv[1]), int(sys.argv[2])
    registry = open_registry()
    with step(registry) as env:
        switch(env, on=False)
    with step(registry) as env:
        ids = prepare(env, count)
    barrier = threading.Barrier(workers)
    threads = [threading.Thread(target=tell, args=(registry, barrier)) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with step(registry) as env:
        mails = env["mail.mail"].search([("model", "=", "pg.topup"), ("res_id", "in", ids)])
        states = env["pg.topup.notice"].search([("topup_id", "in", ids)]).mapped("state")
        told = Counter(Counter(mails.mapped("res_id")).values())
        # They were never paid: nothing of them may stay in anybody's sums.
        env.cr.execute(SQL("UPDATE pg_topup SET state = 'pending' WHERE id IN %s", tuple(ids)))
        switch(env, on=True)
    print(json.dumps({"notices": Counter(states), "mails": len(mails), "told": told}))


if __name__ == "__main__":
    main()
