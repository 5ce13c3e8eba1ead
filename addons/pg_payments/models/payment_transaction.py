import hashlib
import logging

from odoo import api, fields, models
from odoo.addons.pg_base.tools.money import D
from odoo.tools import SQL

from ..gateways import GATEWAYS

_logger = logging.getLogger(__name__)


class PaymentTransaction(models.Model):
    """The engine: one door for news of a payment, whoever brings it."""

    _name = "payment.transaction"
    _inherit = ["payment.transaction", "mail.thread", "mail.activity.mixin"]

    pg_checkout_ref = fields.Char("Payment page", readonly=True, copy=False, index="btree_not_null")
    pg_checkout_count = fields.Integer("Payment pages made", readonly=True, copy=False)
    pg_checkout_expires_at = fields.Datetime("Payment page closes", readonly=True, copy=False)
    pg_payment_ref = fields.Char(
        "Payment at the gateway", readonly=True, copy=False, index="btree_not_null"
    )
    gateway_version = fields.Integer(
        "Times locked",
        readonly=True,
        copy=False,
        help="Raised with each lock, so that a session that waited for the lock is run again.",
    )
    gateway_fee = fields.Monetary(
        "Fee", currency_field="gateway_fee_currency_id", readonly=True, copy=False
    )
    gateway_net = fields.Monetary(
        "Net", currency_field="gateway_fee_currency_id", readonly=True, copy=False
    )
    gateway_fee_currency_id = fields.Many2one(
        "res.currency", "Settlement currency", readonly=True, copy=False
    )
    gateway_rate = fields.Float("Settlement rate", digits=(20, 10), readonly=True, copy=False)
    gateway_receipt = fields.Char("Gateway's receipt", readonly=True, copy=False)

    _refund_uniq = models.UniqueIndex(
        "(provider_id, provider_reference)"
        " WHERE operation = 'refund' AND provider_reference IS NOT NULL",
        "This refund is known already.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment` to keep the thread silent: making a payment follows nothing."""
        quiet = self.with_context(
            mail_create_nolog=True, mail_create_nosubscribe=True, mail_notrack=True
        )
        return super(PaymentTransaction, quiet).create(vals_list).with_env(self.env)

    # === BUSINESS METHODS - ONE DOOR === #

    def _pg_is_ours(self):
        """Tell whether one of our gateways handles this transaction."""
        return self.provider_id.code in GATEWAYS

    def _gateway_lock(self):
        """Lock the transactions and their sources, waiting for others, and forget what was read.

        The first thing in every path that asks the gateway or changes state. Raising the counter
        makes a session that waited fail with a serialization error, after which Odoo runs its
        request again on what the other one committed.
        """
        self.fetch(["source_transaction_id"])  # and no other column: they are forgotten below
        txs = self | self.source_transaction_id
        # The note lives as long as the locks: commit and any rollback, of a savepoint too, clear
        # it. What was read since then nobody else can have changed.
        locked = self.env.cr.precommit.data.setdefault("pg_payments.locked", set())
        txs = txs.filtered(lambda tx: tx.id not in locked)
        if not txs:
            return
        txs.flush_recordset()
        ids = tuple(sorted(txs.ids))
        self.env.cr.execute(
            SQL(
                "SELECT id FROM payment_transaction WHERE id IN %s ORDER BY id FOR UPDATE",
                ids,
            ),
            log_exceptions=False,  # A serialization error here is the plan, not a fault.
        )
        self.env.cr.execute(
            SQL(
                "UPDATE payment_transaction SET gateway_version = COALESCE(gateway_version, 0) + 1"
                " WHERE id IN %s",
                ids,
            )
        )
        txs.invalidate_recordset()
        locked.update(ids)

    def _pg_lock_together(self):
        """Lock what the news of several payments is going to change, in as few statements as one.

        Layers above add what belongs to the payments.
        """
        self._gateway_lock()

    def _pg_refresh(self, source, *, checkout_id="", payment_id="", is_new_approval=False):
        """Ask the gateway how this payment stands, and follow.

        The one door for return page, webhook, poll and reload. Reads only, so it may run again.

        Note: `self.ensure_one()`

        :param str source: who asks, for the log.
        :param str checkout_id: the page that the news is about, when it may be another than ours.
        :param str payment_id: likewise the payment.
        :param bool is_new_approval: the payer was at the gateway just now.
        :return: the state of the payment, or None when there is nothing to ask about.
        :rtype: `..ports.PaymentState`
        :raise OutsideError: when the gateway gives no usable answer; nothing has changed then.
        """
        self.ensure_one()
        self._gateway_lock()
        if self.operation == "refund":
            return self._pg_refresh_refund(source)
        states = self._pg_read_states(checkout_id, payment_id)
        if not states:
            return None
        state = self._pg_pick_state(states)
        before = self.state
        self._process(self.provider_code, {"pg_state": state})
        if before != self.state:
            _logger.info("payment %s by %s: %s, was %s", self.reference, source, self.state, before)
        self._pg_flag_second_payment(states)
        if state.status == "approved":
            self._pg_plan_capture(state, is_new_approval)
        self._pg_plan_poll()
        self._pg_catch_up_refunds(state, source)
        return state

    def _pg_read_states(self, checkout_id, payment_id):
        """Read our own page at the gateway, and the one of the news when it is another one."""
        gateway = self.provider_id._pg_get_gateway()
        states = []
        if self.pg_checkout_ref or self.pg_payment_ref:
            ids = {"checkout_id": self.pg_checkout_ref, "payment_id": self.pg_payment_ref}
            states.append(gateway.get_payment(**{key: name or "" for key, name in ids.items()}))
        known = {state.payment_id for state in states} | {state.checkout_id for state in states}
        if checkout_id and checkout_id not in known:
            states.append(gateway.get_payment(checkout_id=checkout_id))
        elif payment_id and payment_id not in known:
            states.append(gateway.get_payment(payment_id=payment_id))
        return [s for s in states if not s.reference or s.reference == self.reference]

    def _pg_pick_state(self, states):
        """Return the state to follow: the payment that we know, else one with money."""
        known = [state for state in states if state.payment_id == self.pg_payment_ref]
        paid = [state for state in known + states if state.status == "paid"]
        return (paid or states)[0]

    def _pg_flag_second_payment(self, states):
        """Flag money that came in beside the payment that made this transaction done."""
        for state in states:
            if (
                self.state == "done"
                and state.status == "paid"
                and state.payment_id != self.pg_payment_ref
            ):
                self._pg_flag(
                    self.env._("Paid a second time: %s. Refund one of them.", state.payment_id)
                )

    # === BUSINESS METHODS - PROCESSING === #

    def _validate_amount(self, payment_data):
        """Override of `payment` to compare exactly, and only what was really paid."""
        if not self._pg_is_ours():
            return super()._validate_amount(payment_data)
        problem = self._pg_find_mismatch(payment_data)
        if problem and self.state not in ("done", "error"):
            self._set_error(problem, extra_allowed_states=("cancel",))
        if problem:
            self._pg_flag(problem)

    def _pg_find_mismatch(self, payment_data):
        """Return why the money is not the money asked for, '' when it is.

        :param dict payment_data: with a `PaymentState` or a `RefundState`.
        """
        state = payment_data.get("pg_state") or payment_data["pg_refund"]
        if state.status not in ("paid", "done"):
            return ""
        amount, currency = self._pg_get_gateway_pair()
        if state.currency != currency:
            return self.env._(
                "The gateway has %(theirs)s, the transaction is in %(ours)s.",
                theirs=state.currency or "-",
                ours=currency,
            )
        if state.amount is None or D(state.amount) != amount:
            return self.env._(
                "The gateway has %(theirs)s, the transaction is of %(ours)s.",
                theirs=state.amount,
                ours=amount,
            )
        return ""

    def _apply_updates(self, payment_data):
        """Override of `payment` to move the state up, never down."""
        if not self._pg_is_ours():
            return super()._apply_updates(payment_data)
        if self._pg_find_mismatch(payment_data):
            return None
        if self.operation == "refund":
            return self._pg_apply_refund(payment_data["pg_refund"])
        return self._pg_apply_payment(payment_data["pg_state"])

    def _pg_apply_payment(self, state):
        """Follow a payment state; a late one of a lower rank changes nothing."""
        values = {}
        if state.payment_id and not self.pg_payment_ref or state.status == "paid":
            values = {"pg_payment_ref": state.payment_id, "provider_reference": state.payment_id}
        if state.receipt:
            values["gateway_receipt"] = state.receipt
        if values:
            self.write(values)
        if self.pg_capture_step and state.status in ("paid", "pending", "failed"):
            self._pg_end_capture("accepted")
        if state.status == "paid":
            if state.checkout_id:
                self.pg_checkout_ref = state.checkout_id
            if self.state != "done":
                # Money that arrives after a cancellation is still money.
                self._set_done(extra_allowed_states=("cancel",))
            self._pg_apply_fee(state)
        elif self.state in ("draft", "pending"):
            self._pg_apply_unpaid(state)

    def _pg_apply_unpaid(self, state):
        """Follow a payment that is open, on its way, or has ended without money."""
        if state.status == "pending" and self.state == "draft":
            self._set_pending(state_message=state.message or None)
        elif state.status == "failed":
            self._set_error(state.message or self.env._("The payment failed."))
        elif state.status == "expired" and self.pg_capture_step == "requested":
            _logger.warning("payment %s: its page is gone, its capture unknown", self.reference)
        elif state.status == "expired":
            self._set_canceled(state_message=self.env._("The payment page has closed unpaid."))
        elif state.status == "cancelled":
            self._set_canceled(state_message=state.message or None)
        elif state.status in ("open", "pending") and state.message:
            # A declined card inside an open page, where the payer may try another one; or why it
            # takes time.
            self.state_message = state.message

    def _pg_apply_fee(self, state):
        """Keep the gateway's fee once it is known; then tell the layers above."""
        if state.fee is None or self.gateway_fee_currency_id:
            return
        currency = self.currency_id
        if currency.name != state.fee_currency:
            Currency = self.env["res.currency"].with_context(active_test=False)
            currency = Currency.search([("name", "=", state.fee_currency)], limit=1)
        if not currency:
            self._pg_flag(self.env._("Fee in an unknown currency: %s", state.fee_currency))
            return
        rate = state.rate if state.rate is not None else D(1)
        if self.gateway_currency_id:
            rate *= D(self.gateway_conversion_rate)
        self.write(
            {
                "gateway_fee": float(state.fee),
                "gateway_net": float(state.net),
                "gateway_fee_currency_id": currency.id,
                "gateway_rate": float(rate),
            }
        )
        self._pg_on_fee_known()

    def _pg_on_fee_known(self):
        """Hook for the layers above: fee, net, currency and rate of this payment are filled."""

    def _post_process(self):
        """Override of `payment` so that status page and cron do not both do this work."""
        ours = self.filtered(lambda tx: tx._pg_is_ours())
        ours._gateway_lock()
        todo = (self - ours) | ours.filtered(lambda tx: not tx.is_post_processed)
        return super(PaymentTransaction, todo)._post_process()

    # === HELPERS === #

    def _pg_make_key(self, *parts):
        """Return the key under which the gateway knows one request, whoever repeats it."""
        text = "|".join(str(part) for part in (self._pg_get_database(), self.reference, *parts))
        return hashlib.sha256(text.encode()).hexdigest()

    def _pg_get_database(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")
