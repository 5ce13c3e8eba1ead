from odoo import api, fields, models
from odoo.exceptions import UserError

from ..const import CONFLICT_KINDS, STOPPING_KINDS, TAMPER_KINDS

_TAMPERED = {code for code, _label in TAMPER_KINDS}
_GOING_ON = tuple(code for code, _label in CONFLICT_KINDS if code not in STOPPING_KINDS)


class PgLedgerConflict(models.Model):
    """What neither the mirror nor a verification decides. Nothing in MongoDB is ever overwritten.

    While one is open its position is not delivered; ``ahead`` and ``diverged`` stop the whole
    company. A person looks, repairs, writes the reason and resolves; the mirror then tries again.
    The document that was found is kept in MongoDB's ``ledger_meta.conflicts``.
    """

    _name = "pg.ledger.conflict"
    _description = "Ledger conflict"
    _order = "id desc"
    _rec_name = "detail"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    kind = fields.Selection(CONFLICT_KINDS, required=True, readonly=True)
    seq = fields.Integer(string="Position", required=True, readonly=True, aggregator=None)
    document_id = fields.Char(readonly=True, help="Of the document in MongoDB.")
    entry_id = fields.Many2one("pg.ledger.entry", readonly=True, ondelete="restrict")
    expected_hash = fields.Char(readonly=True, help="Hash in PostgreSQL.")
    found_hash = fields.Char(readonly=True, help="Hash in MongoDB.")
    detail = fields.Text(readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("resolved", "Resolved")],
        default="open",
        required=True,
        readonly=True,
    )
    reason = fields.Text(help="What was found and done, by whoever resolves it.")
    resolved_by_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    resolved_at = fields.Datetime(readonly=True)

    _open_unique = models.UniqueIndex(
        "(company_id, kind, seq, COALESCE(document_id, '')) WHERE state = 'open'",
        "This conflict is open already.",
    )

    # === CRUD === #

    def write(self, vals):
        """Override of `base` to let people write nothing but an open conflict's reason."""
        if not self.env.su and (set(vals) - {"reason"} or any(c.state != "open" for c in self)):
            raise UserError(self.env._("Only the reason of an open conflict can be written."))
        return super().write(vals)

    # === ACTION === #

    def action_resolve(self):
        """Close the conflict; the mirror tries the position again."""
        self.check_access("write")
        for conflict in self:
            if not (conflict.reason or "").strip():
                raise UserError(self.env._("Write the reason first."))
        self.sudo()._resolve(self.env.uid)

    def action_recover(self):
        """Have the entries that PostgreSQL lost read from MongoDB, and show the review."""
        self.ensure_one()
        self.check_access("write")
        if self.kind != "ahead" or self.state != "open":
            raise UserError(
                self.env._(
                    "Only an open conflict of a MongoDB that is ahead has lost entries to review."
                )
            )
        recovery = self.env["pg.ledger.recovery"].sudo()._open_for(self.company_id)
        return {
            "type": "ir.actions.act_window",
            "res_model": "pg.ledger.recovery",
            "res_id": recovery.id,
            "view_mode": "form",
        }

    def _resolve(self, user_id, reason=None):
        """Close those that are open, and have the mirror try again."""
        still_open = self.filtered(lambda conflict: conflict.state == "open")
        still_open.write(
            {
                "state": "resolved",
                "resolved_by_id": user_id,
                "resolved_at": fields.Datetime.now(),
                **({"reason": reason} if reason else {}),
            }
        )
        still_open._deliver_again()
        self._calm(still_open.company_id)
        self.env["pg.ledger.entry"]._wake_mirror()

    def _deliver_again(self):
        """Have the mirror send what a verification found tampered with.

        A document that was put right is found to be there; one that was not is a conflict again.
        """
        for conflict in self.filtered(lambda conflict: conflict.kind in _TAMPERED and conflict.seq):
            self.env["pg.ledger.chain"]._redeliver(conflict.company_id, [conflict.seq])

    # === BUSINESS === #

    @api.model
    def _record(self, values_list):
        """Open conflicts, unless the same is open already.

        :param list values_list: dicts of company_id, kind, seq, document_id, entry_id, hashes,
            detail
        """
        for values in values_list:
            known = [(name, "=", values[name]) for name in ("company_id", "kind", "seq")]
            known.append(("document_id", "=", values.get("document_id", False)))
            if not self.search_count([*known, ("state", "=", "open")], limit=1):
                self.create(values)._alarm()

    def _alarm(self):
        """Tell the administrators of the company; of many of one kind, once."""
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for conflict in self:
            self.env["pg.ledger.mirror"]._alarm(
                conflict.company_id, self._get_topic(conflict.kind), kinds[conflict.kind]
            )

    @api.model
    def _get_topic(self, kind):
        if kind in STOPPING_KINDS:
            return self.env._("The ledger has stopped")
        return self.env._("Conflict in the ledger")

    @api.model
    def _calm(self, companies):
        """Close the activities about conflicts of companies that have none open any more."""
        for company in companies:
            for kinds in (STOPPING_KINDS, _GOING_ON):
                domain = [("company_id", "=", company.id), ("state", "=", "open")]
                if not self.search_count([*domain, ("kind", "in", kinds)], limit=1):
                    self.env["pg.ledger.mirror"]._calm(company, self._get_topic(kinds[0]))
