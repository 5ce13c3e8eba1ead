import secrets

from odoo import api, fields, models
from odoo.addons.pg_base.tools.redact import mask_number
from odoo.exceptions import AccessError, UserError

from .. import const

# Without the letters and digits that people mix up.
ORDER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class PgTopup(models.Model):
    """One sale of prepaid minutes to one phone number: the transaction of the whole product.

    The other files ``pg_topup_*.py`` of this folder add its behaviour: state, sale, dispatch,
    probe, refund, ledger, status.
    """

    _name = "pg.topup"
    _description = "Top-up"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    # What was sold, to whom
    name = fields.Char("Order", readonly=True, copy=False, default=lambda self: self._new_name())
    uuid = fields.Char(readonly=True, copy=False)
    access_token = fields.Char(
        readonly=True, copy=False, groups="base.group_system", default=lambda self: self._token()
    )
    company_id = fields.Many2one(
        "res.company", "Organisation", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True, index="btree_not_null")
    email = fields.Char("Receipt to", readonly=True)
    lang = fields.Char(readonly=True)
    offer_id = fields.Many2one("product.template", "Offer", readonly=True, required=True)
    sku_id = fields.Many2one("pg.sku", "SKU", readonly=True, required=True)
    operator_id = fields.Many2one("pg.operator", "Operator", readonly=True, required=True)
    supplier_id = fields.Many2one("pg.supplier", "Supplier", readonly=True, required=True)
    number = fields.Char("Phone number", readonly=True, required=True, index="btree")
    number_masked = fields.Char("Number", compute="_compute_number_masked")

    # The pin: what the customer accepted
    currency_id = fields.Many2one("res.currency", readonly=True, required=True)
    amount = fields.Monetary("Paid by the customer", readonly=True)
    amount_tax = fields.Monetary("of which tax", readonly=True)
    cost = fields.Monetary(readonly=True)
    margin = fields.Monetary(compute="_compute_margin", store=True)
    fx_rate = fields.Float("Rate", digits=(16, 8), readonly=True)
    pricelist_id = fields.Many2one("product.pricelist", "Price list", readonly=True)
    company_rate = fields.Float(
        "Rate of the books",
        digits=(20, 12),
        readonly=True,
        default=1.0,
        help="The organisation's currency per unit of the currency paid in, pinned with the price.",
    )
    send_value = fields.Monetary(
        "Sent to the supplier", currency_field="send_currency_id", readonly=True
    )
    send_currency_id = fields.Many2one("res.currency", "Sent in", readonly=True, required=True)
    receive_value = fields.Monetary(
        "Recipient gets", currency_field="receive_currency_id", readonly=True
    )
    receive_currency_id = fields.Many2one(
        "res.currency", "Received in", readonly=True, required=True
    )
    pin_expires_at = fields.Datetime("Price pinned until", readonly=True)
    promotion_id = fields.Many2one(
        "pg.promotion", "Operator's promotion", readonly=True, ondelete="set null"
    )
    promotion = fields.Char(
        readonly=True, help="What the operator promised on top when the order was placed."
    )

    # Where it came from
    channel = fields.Selection(const.CHANNELS, readonly=True, required=True, default="storefront")
    client_key = fields.Char(readonly=True, copy=False)
    request_hash = fields.Char(readonly=True, copy=False)
    ip = fields.Char("Address", readonly=True, groups="pg_base.group_manager")
    user_agent = fields.Char(readonly=True, groups="pg_base.group_manager")

    # How it goes
    state = fields.Selection(const.STATES, readonly=True, default="pending", required=True)
    failure = fields.Char("Reason", readonly=True)
    business_date = fields.Date("Business day", readonly=True, index="btree")
    paid_at = fields.Datetime("Paid", readonly=True)
    processing_at = fields.Datetime("Sending since", readonly=True)
    in_doubt_at = fields.Datetime("In doubt since", readonly=True)
    completed_at = fields.Datetime("Delivered", readonly=True)
    failed_at = fields.Datetime("Failed", readonly=True)
    refunded_at = fields.Datetime("Refunded", readonly=True)
    cancelled_at = fields.Datetime("Cancelled", readonly=True)
    supplier_reference = fields.Char(readonly=True, copy=False)
    transfer_ref = fields.Char("Supplier's transfer", readonly=True, copy=False, index="btree")
    receipt_text = fields.Char(readonly=True, copy=False)
    next_attempt_at = fields.Datetime("Next try", readonly=True, copy=False)
    next_probe_at = fields.Datetime("Next look-up", readonly=True, copy=False)
    probe_count = fields.Integer("Look-ups", readonly=True, copy=False)
    absent_count = fields.Integer("Look-ups that found nothing", readonly=True, copy=False)
    needs_person = fields.Boolean("Needs a decision", readonly=True, copy=False)
    attempt_ids = fields.One2many("pg.topup.attempt", "topup_id", "Attempts", readonly=True)
    event_ids = fields.One2many("pg.topup.event", "topup_id", "Timeline", readonly=True)

    # Money
    payment_tx_ids = fields.One2many("payment.transaction", "pg_topup_id", "Payments")
    payment_tx_id = fields.Many2one("payment.transaction", "Payment", readonly=True, copy=False)
    gateway = fields.Selection(related="payment_tx_id.provider_code", string="Gateway", store=True)
    payer_key = fields.Char(
        "Card or account",
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups="pg_base.group_manager",
        help="The same for each order that one card or account has paid.",
    )
    refund_state = fields.Selection(
        const.REFUND_STATES, "Refund", readonly=True, required=True, default="none", copy=False
    )

    _name_unique = models.UniqueIndex("(name)", "This order number exists already.")
    _uuid_unique = models.UniqueIndex("(uuid)")
    _token_unique = models.UniqueIndex("(access_token)")
    _client_key_unique = models.UniqueIndex(
        "(company_id, client_key) WHERE client_key IS NOT NULL", "This order was placed already."
    )
    _due_index = models.Index("(supplier_id, next_attempt_at) WHERE next_attempt_at IS NOT NULL")
    _probe_index = models.Index("(next_probe_at) WHERE next_probe_at IS NOT NULL")
    _company_index = models.Index("(company_id, id DESC)")
    _flying_index = models.Index("(supplier_id) WHERE state IN ('paid', 'processing', 'in_doubt')")
    _open_index = models.Index(
        "(company_id, state) WHERE state NOT IN ('completed', 'refunded', 'cancelled')"
    )

    # === DEFAULTS === #

    @api.model
    def _new_name(self):
        """Return an order number that can be read out on the phone: T-7K3M-9QX2."""
        letters = "".join(secrets.choice(ORDER_ALPHABET) for _ in range(8))
        return f"T-{letters[:4]}-{letters[4:]}"

    @api.model
    def _token(self):
        return secrets.token_urlsafe(24)

    # === COMPUTE === #

    @api.depends("number")
    def _compute_number_masked(self):
        for topup in self:
            topup.number_masked = mask_number(topup.number)

    @api.depends("amount", "amount_tax", "cost")
    def _compute_margin(self):
        for topup in self:
            topup.margin = topup.amount - topup.amount_tax - topup.cost

    # === CRUD === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A top-up is a record of money and cannot be deleted."))

    # === ACTIONS === #

    def _check_role(self, group):
        """Refuse an action of the back office without the right for it, before anything is done.

        :raise AccessError: the user has not the group, or may not read the records.
        """
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(self.env._("You do not have the right to do this."))

    def action_probe(self):
        """Ask the supplier again soon, for top-ups that are in doubt or not over."""
        self._check_role("pg_base.group_operator")
        waiting = self.sudo().filtered("next_probe_at")
        if not waiting:
            raise UserError(self.env._("Nothing is open at the supplier for this top-up."))
        waiting.write({"next_probe_at": fields.Datetime.now()})
        waiting._wake_dispatcher()
        for topup in waiting:
            topup._log_event("probe", self.env._("A look-up was asked for."))
        return True

    def action_cancel(self):
        """Cancel top-ups that are not paid. A payment that still arrives is honoured."""
        self._check_role("pg_base.group_operator")
        if any(topup.state != "pending" for topup in self):
            raise UserError(self.env._("Only a top-up that is not paid can be cancelled."))
        for topup in self.sudo():
            topup._set_state("cancelled", note=self.env._("Cancelled by hand."))
            topup.payment_tx_ids._pg_abandon()
        return True

    def action_refund_again(self):
        """Ask for the refund of a failed top-up once more, after one that was refused."""
        self._check_role("pg_base.group_manager")
        for topup in self.sudo():
            if topup.state != "failed" or topup.refund_state not in ("none", "error"):
                raise UserError(self.env._("This top-up has no refund to ask for again."))
            topup._queue_refund(self.env._("Asked for by %s.", self.env.user.name))
        return True

    def action_resolve(self):
        """Open the wizard in which a person decides a top-up in doubt."""
        self.ensure_one()
        self._check_role("pg_base.group_manager")
        action = self.env["ir.actions.actions"]._for_xml_id("pg_topup.pg_topup_resolve_action")
        return {**action, "context": {"default_topup_id": self.id}}

    def action_open_entries(self):
        """Show the ledger entries of this top-up."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Ledger entries"),
            "res_model": "pg.ledger.entry",
            "view_mode": "list,form",
            "domain": [("subject", "=", self.uuid)],
        }
