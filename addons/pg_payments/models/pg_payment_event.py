import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL
from psycopg2 import OperationalError
from psycopg2.errors import SerializationFailure

from ..const import EVENT_RETENTION_DAYS, UNKNOWN_REFERENCE_GRACE

_logger = logging.getLogger(__name__)


class PgPaymentEvent(models.Model):
    """Inbox of verified news from gateways: each one once, kept until it is understood.

    Only ids are stored, no payload: the object itself is read again at the gateway.
    """

    _name = "pg.payment.event"
    _description = "Payment event"
    _order = "id desc"
    _rec_name = "event_id"

    provider_id = fields.Many2one(
        "payment.provider", "Gateway", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company", "Company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    event_id = fields.Char("Event", required=True, readonly=True)
    type = fields.Char("Gateway's word", readonly=True)
    kind = fields.Selection(
        [
            ("payment", "Payment"),
            ("approval", "Approval"),
            ("refund", "Refund"),
            ("reversal", "Reversal"),
            ("dispute", "Dispute"),
            ("other", "Other"),
        ],
        readonly=True,
    )
    happened_at = fields.Datetime("Happened", readonly=True)
    reference = fields.Char("Reference", readonly=True)
    database = fields.Char("Database", readonly=True)
    news_provider = fields.Integer("Gateway in the news", readonly=True)
    checkout_ref = fields.Char("Payment page", readonly=True)
    payment_ref = fields.Char("Payment at the gateway", readonly=True)
    refund_ref = fields.Char("Refund at the gateway", readonly=True)
    outcome = fields.Char("How a dispute ended", readonly=True)
    transaction_id = fields.Many2one(
        "payment.transaction", "Transaction", readonly=True, index="btree_not_null"
    )
    state = fields.Selection(
        [("new", "New"), ("done", "Done"), ("ignored", "Ignored"), ("failed", "Failed")],
        default="new",
        required=True,
        readonly=True,
        index=True,
    )
    note = fields.Text("Why", readonly=True)
    tries = fields.Integer("Tries", readonly=True)
    next_try_at = fields.Datetime("Next try", readonly=True, index="btree_not_null")
    processed_at = fields.Datetime("Processed", readonly=True)

    _event_uniq = models.UniqueIndex("(provider_id, event_id)", "This event is known already.")

    # === ACTION METHODS === #

    def action_replay(self):
        """Process events again, whatever became of them."""
        if not self.env.user.has_group("pg_base.group_admin"):
            raise AccessError(self.env._("Only an admin may replay payment events."))
        self.check_access("read")
        for event in self.sudo():
            event.tries = 0
            event._handle()

    # === BUSINESS METHODS === #

    @api.model
    def _receive(self, provider, news):
        """Take verified news in and process it, once, in this database transaction.

        :param payment.provider provider: whose address it came to (sudo).
        :param news: a `..ports.GatewayEvent`.
        :return: whether the gateway may forget it; if not, it must send it again.
        """
        event = self._take_in(provider, news)
        if event:
            event._handle()
        return event is not None

    @api.model
    def _take_in(self, provider, news):
        """Keep verified news, so that the gateway may forget it once that is committed.

        :param payment.provider provider: whose address it came to (sudo).
        :param news: a `..ports.GatewayEvent`.
        :return: the event that is to be processed now; an empty one when that was done before or is
            somebody else's to do; None when the news came too early and must be sent again.
        """
        if self._is_too_early(provider, news):
            return None
        return self._store(provider, news)

    @api.model
    def _is_too_early(self, provider, news):
        """Tell whether the transaction may still be about to be committed: its request created the
        payment page and the news was faster than its commit."""
        if not news.reference or not self._is_from_here(news.database):
            return False
        age = fields.Datetime.now() - (news.created or fields.Datetime.now())
        return age < UNKNOWN_REFERENCE_GRACE and not self._is_known(provider, news)

    @api.model
    def _is_known(self, provider, news):
        """Tell whether there is a transaction of this news, without reading it."""
        Transaction = self.env["payment.transaction"].sudo()
        Transaction.flush_model(["reference"])
        known = "SELECT EXISTS (SELECT FROM payment_transaction WHERE reference = %s)"
        if self.env.execute_query(SQL(known, news.reference)) == [(True,)]:
            return True
        return bool(self.new({**_values(news), "provider_id": provider.id})._find_transaction())

    @api.model
    def _store(self, provider, news):
        """Return the row of this news if it is to be processed; else an empty one.

        A second session with the same news waits at the unique index until the first one has
        committed. The row is not in its snapshot, which PostgreSQL calls a serialization failure:
        proof enough that the news is kept, so nobody waits to run again.
        """
        values = {**_values(news), "provider_id": provider.id, "state": "new", "tries": 0}
        values.update(company_id=provider.company_id.id, create_date=fields.Datetime.now())
        insert = SQL(
            "INSERT INTO pg_payment_event (%s) VALUES %s ON CONFLICT DO NOTHING RETURNING id",
            SQL(", ").join(SQL.identifier(name) for name in values),
            tuple(value if value != "" else None for value in values.values()),
        )
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(insert, log_exceptions=False)
                row = self.env.cr.fetchone()
        except SerializationFailure:
            return self
        if row:
            return self.browse(row[0])
        known = [("provider_id", "=", provider.id), ("event_id", "=", news.event_id)]
        return self.search([*known, ("state", "=", "new")], limit=1)

    def _handle(self):
        """Process one event; keep what went wrong, to be tried again by the cron.

        :raise OperationalError: so that the whole request is run again.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._apply()
        except OperationalError:
            raise
        except Exception as error:
            self._keep_fault(error)

    def _apply(self, known=None):
        """Find what the news is about and let the engine look there.

        :param payment.transaction known: the one that has the reference of the news, if looked up.
        """
        tx = known or self._find_transaction()
        if problem := self._find_objection(tx):
            self._end("ignored", problem)
            return
        if not tx:
            self._end("failed", self.env._("No transaction has this reference."))
            return
        self.transaction_id = tx
        payment = tx.source_transaction_id or tx
        if self.kind == "refund":
            payment._pg_sync_refunds(self.type, self.refund_ref or "", self.payment_ref or "")
        elif self.kind == "reversal":
            payment._pg_apply_reversal(self.type, self.refund_ref or "", self.payment_ref or "")
        elif self.kind == "dispute":
            payment._pg_apply_dispute(self.type, self.outcome or "")
        elif not self._is_old_news(tx):
            tx._pg_refresh(
                self.type,
                checkout_id=self.checkout_ref or "",
                payment_id=self.payment_ref or "",
                is_new_approval=self.kind == "approval",
            )
        self._end("done", False)

    def _is_old_news(self, tx):
        """Tell whether the news is about money that we have booked with its fee already.

        A gateway tells one payment in several events. Once it is done nothing takes it back, and
        the gateway need not be asked again; another page or another payment is never old news.
        """
        return (
            self.kind == "payment"
            and tx.state == "done"
            and tx.operation != "refund"
            and tx._pg_has_fee()
            and bool(self.payment_ref)
            and self.payment_ref == tx.pg_payment_ref
            and (not self.checkout_ref or self.checkout_ref == tx.pg_checkout_ref)
        )

    def _find_transaction(self):
        """Return the transaction of the news: by reference, else by the gateway's ids."""
        Transaction = self.env["payment.transaction"].sudo()
        provider = [("provider_id", "=", self.provider_id.id)]
        searches = [
            [("reference", "=", self.reference)],
            [("pg_checkout_ref", "=", self.checkout_ref), *provider],
            [("pg_payment_ref", "=", self.payment_ref), *provider],
            # Where page and payment have one id, and news of the payment has not come yet.
            [("pg_checkout_ref", "=", self.payment_ref), *provider],
        ]
        for domain in searches:
            if domain[0][2] and (tx := Transaction.search(domain, limit=1)):
                return tx
        return Transaction

    def _find_objection(self, tx):
        """Return why the news is none of our business, '' when it is."""
        if self.database and not self._is_from_here(self.database):
            return self.env._("It belongs to another database.")
        if tx and tx.provider_id != self.provider_id:
            return self.env._("The transaction belongs to another gateway.")
        if self.news_provider and self.news_provider != self.provider_id.id:
            return self.env._("It was made by another gateway.")
        if self.kind == "other":
            return self.env._("Nothing depends on this kind of news.")
        if not tx and not self.database:
            return self.env._("It was not made by us.")
        return ""

    def _is_from_here(self, database):
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return bool(database) and uuid.startswith(database)

    def _end(self, state, note):
        self.write(
            {
                "state": state,
                "note": note,
                "processed_at": fields.Datetime.now(),
                "next_try_at": False,
            }
        )

    # === CRON === #

    @api.autovacuum
    def _gc_processed(self):
        """Forget what was understood long ago."""
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=EVENT_RETENTION_DAYS)
        self.search([("state", "in", ("done", "ignored")), ("create_date", "<", limit)]).unlink()


def _values(news):
    """Return the column values of a `GatewayEvent`."""
    return {
        "event_id": news.event_id,
        "type": news.type,
        "kind": news.kind,
        "happened_at": news.created,
        "reference": news.reference,
        "database": news.database,
        "news_provider": news.provider_id or 0,
        "checkout_ref": news.checkout_id,
        "payment_ref": news.payment_id,
        "refund_ref": news.refund_id,
        "outcome": news.outcome,
    }
