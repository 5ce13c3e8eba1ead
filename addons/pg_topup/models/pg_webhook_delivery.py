import hashlib
import hmac
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.pg_base.http import HttpClient
from odoo.addons.pg_base.outcomes import OutsideError
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_base.tools.steps import run_step
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .. import const
from ..clock import now

TIMEOUT = 10
CLAIM = 60
# Posts under way at once, and how many of them to one address: a dead one delays no other.
AT_ONCE, PER_ADDRESS = 16, 4
# Seconds after which a run ends and wakes the next one.
RUN_SECONDS = 60


@dataclass(frozen=True)
class Delivery:
    """One post to make, without a record or a cursor."""

    delivery_id: int
    url: str
    secret: str = field(repr=False)
    body: bytes = field(repr=False)


class PgWebhookDelivery(models.Model):
    """One piece of news to one address: in order per top-up, tried for three days, replayable."""

    _name = "pg.webhook.delivery"
    _description = "Webhook delivery"
    _order = "id desc"
    _log_access = False

    webhook_id = fields.Many2one(
        "pg.webhook", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    topup_id = fields.Many2one("pg.topup", required=True, readonly=True, ondelete="cascade")
    event = fields.Selection(const.WEBHOOK_EVENTS, required=True, readonly=True)
    event_uuid = fields.Char("Event id", required=True, readonly=True)
    created_at = fields.Datetime("Made", required=True, readonly=True)
    payload = fields.Text(required=True, readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("done", "Taken"), ("failed", "Given up")],
        required=True,
        readonly=True,
        default="waiting",
    )
    tries = fields.Integer(readonly=True)
    next_try_at = fields.Datetime("Next try", readonly=True)
    status = fields.Integer("Last answer", readonly=True)
    error = fields.Char("Last error", readonly=True)
    done_at = fields.Datetime("Taken at", readonly=True)

    _due_index = models.Index("(next_try_at) WHERE state = 'waiting'")
    _order_index = models.Index("(webhook_id, topup_id, id) WHERE state = 'waiting'")

    # === ACTIONS === #

    def action_replay(self):
        """Send again, now; the receiver knows the event by its id."""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("pg_base.group_manager"):
            raise AccessError(self.env._("You do not have the right to do this."))
        self.sudo().write({"state": "waiting", "tries": 0, "next_try_at": now()})
        self._wake()
        return True

    # === BUSINESS === #

    @api.model
    def _create_for(self, webhooks, topup):
        moment = now()
        self.create(
            [
                {
                    "webhook_id": webhook.id,
                    "company_id": topup.company_id.id,
                    "topup_id": topup.id,
                    "event": topup.state,
                    "event_uuid": str(uuid.uuid4()),
                    "created_at": moment,
                    "payload": json.dumps(topup._prepare_webhook_payload(), sort_keys=True),
                    "next_try_at": moment,
                }
                for webhook in webhooks
            ]
        )
        self._wake()

    @api.model
    def _wake(self, at=None):
        self.env.ref("pg_topup.cron_webhooks").sudo()._trigger(at=at)

    @api.autovacuum
    def _gc_old(self):
        """Forget deliveries that ended over thirty days ago."""
        limit = now() - timedelta(days=30)
        self.search([("state", "!=", "waiting"), ("created_at", "<", limit)], limit=5000).unlink()

    # === CRON === #

    @api.model
    def _cron_deliver(self):
        """Post what is due: claim and commit, post several at once, write each outcome."""
        end = time.monotonic() + RUN_SECONDS
        with ThreadPoolExecutor(AT_ONCE, "pg-webhook") as pool:
            while jobs := run_step(self.env, _claim, read_committed=True):
                posts = {pool.submit(_post, job): job.delivery_id for job in jobs}
                for post in as_completed(posts):
                    run_step(self.env, _settle, posts[post], *post.result())
                if time.monotonic() > end:
                    self._wake()
                    return

    @api.model
    def _claim_due(self):
        """Return the next posts to make. A later one of the same top-up waits its turn."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM pg_webhook_delivery
                    WHERE state = 'waiting' AND next_try_at <= %(now)s AND id IN (
                        SELECT id FROM (
                            SELECT d.id, d.next_try_at, row_number() OVER (
                                       PARTITION BY d.webhook_id ORDER BY d.next_try_at, d.id
                                   ) AS place
                              FROM pg_webhook_delivery d
                              JOIN pg_webhook w ON w.id = d.webhook_id AND w.active
                             WHERE d.state = 'waiting' AND d.next_try_at <= %(now)s
                               AND NOT EXISTS (
                                   SELECT FROM pg_webhook_delivery e
                                    WHERE e.webhook_id = d.webhook_id AND e.topup_id = d.topup_id
                                      AND e.state = 'waiting' AND e.id < d.id)
                        ) due
                         WHERE place <= %(per_address)s ORDER BY next_try_at, id LIMIT %(most)s)
                    ORDER BY next_try_at, id FOR UPDATE SKIP LOCKED""",
                now=now(),
                per_address=PER_ADDRESS,
                most=AT_ONCE,
            )
        )
        return [self.browse(id_)._claim() for (id_,) in rows]

    def _claim(self):
        """Take a delivery for a while; return the post to make."""
        self.write({"tries": self.tries + 1, "next_try_at": now() + timedelta(seconds=CLAIM)})
        body = json.dumps(
            {
                "id": self.event_uuid,
                "type": f"topup.{self.event}",
                "created": self.created_at.isoformat(timespec="milliseconds") + "Z",
                "data": json.loads(self.payload),
            },
            sort_keys=True,
        )
        webhook = self.webhook_id
        return Delivery(self.id, webhook.url, webhook._pg_reveal("secret"), body.encode())

    def _settle(self, status, error):
        """Write what became of a post.

        :param int status: the HTTP status, 0 without an answer.
        """
        if self.state != "waiting":
            return
        if 200 <= status < 300:
            self.write({"state": "done", "status": status, "error": False, "done_at": now()})
            return
        waits = const.WEBHOOK_WAITS
        is_over = self.tries > len(waits) or not self.webhook_id.active
        at = False if is_over else now() + timedelta(seconds=waits[self.tries - 1])
        self.write(
            {
                "state": "failed" if is_over else "waiting",
                "status": status,
                "error": error[:300],
                "next_try_at": at,
            }
        )
        if at:
            self._wake(at=at)


class PgTopup(models.Model):
    _inherit = "pg.topup"

    def _on_state(self, before):
        """Override to tell the seller's own systems."""
        super()._on_state(before)
        self.env["pg.webhook"].sudo()._queue(self)

    def _prepare_webhook_payload(self):
        """Return what a seller's system is told of a top-up: amounts as text, no secrets."""
        return {
            "order": self.name,
            "state": self.state,
            "number": self.number,
            "operator": self.operator_id.name,
            "offer_id": self.offer_id.id,
            "amount": str(D(self.amount)),
            "currency": self.currency_id.name,
            "receive_value": str(D(self.receive_value)),
            "receive_currency": self.receive_currency_id.name,
            "transfer": self.transfer_ref or None,
            "failure": self.failure or None,
            "refund_state": self.refund_state,
            "channel": self.channel,
            "business_date": str(self.business_date),
        }


def sign(secret, body, moment):
    """Return the signature header: HMAC-SHA256 over ``<unix time>.<body>``."""
    digest = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def _post(job):
    """Post once; return (status, error)."""
    client = HttpClient(job.url, connect_timeout=5, read_timeout=TIMEOUT, max_bytes=64 * 1024)
    headers = {
        "Content-Type": "application/json",
        "PG-Signature": sign(job.secret, job.body, int(time.time())),
    }
    try:
        answer = client.request("POST", "", data=job.body, headers=headers)
    except OutsideError as error:
        return 0, error.message
    return answer.status, "" if answer.status < 300 else f"HTTP {answer.status}"


def _claim(env):
    return env["pg.webhook.delivery"]._claim_due()


def _settle(env, delivery_id, status, error):
    delivery = env["pg.webhook.delivery"].browse(delivery_id)
    delivery.lock_for_update()
    delivery._settle(status, error)
