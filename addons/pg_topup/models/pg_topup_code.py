import json

from odoo import api, models
from odoo.addons.pg_base.fields import Secret
from odoo.addons.pg_catalog.ports import COMPLETED, TransferRecord
from odoo.exceptions import UserError

from .. import const

LONGEST = 4000


class PgTopup(models.Model):
    """Products that are a code: a PIN or a voucher, kept encrypted, shown to its buyer only.

    The code is in no log, ledger entry, webhook, mail, export or read; staff see a mask, and a
    manager who must read it out gives a reason, which is kept.
    """

    _name = "pg.topup"
    _inherit = ["pg.topup", "pg.secret.mixin"]

    pin = Secret("Code", readonly=True)

    # === ACTIONS === #

    def action_reveal_pin(self):
        """Open the wizard in which a manager gives the reason for seeing a code."""
        self.ensure_one()
        self._check_role("pg_base.group_manager")
        action = self.env["ir.actions.actions"]._for_xml_id("pg_topup.pg_topup_reveal_action")
        return {**action, "context": {"default_topup_id": self.id}}

    # === BUSINESS === #

    def _is_code(self):
        """Tell whether what is sold is a code, which is bought for no number."""
        return self.sku_id.kind in const.CODE_KINDS

    def _get_account_number(self):
        """Return whom the supplier credits; '' for a code."""
        return "" if self._is_code() else self.number

    @api.private
    def _reveal_pin(self):
        """Return the code in clear for its buyer's own page, None when there is none yet.

        :return: ``code`` ('' when the supplier only gave a text) and ``text``, the supplier's words
            about how it is used.
        :rtype: dict | None
        """
        self.ensure_one()
        topup = self.sudo()
        if topup.state != "completed" or not topup.pin:
            return None
        return json.loads(topup._pg_reveal("pin"))

    def _prepare_receipt_values(self, record):
        """Return the fields that keep what the supplier wrote about a delivery.

        A later record without a code leaves the code that is known.
        """
        if not self._is_code():
            return {"receipt_text": (record.receipt_text or "")[:2000]}
        params = {name.lower(): value for name, value in record.receipt_params}
        known = {"code": params.get("pin", ""), "text": record.receipt_text or ""}
        if not any(known.values()):
            return {}
        known = {key: value.strip()[:LONGEST] for key, value in known.items()}
        return {"pin": json.dumps(known)}

    def _keep_late_code(self, outcome):
        """Keep the code of an answer that came after the top-up was found delivered without it."""
        if (
            isinstance(outcome, TransferRecord)
            and outcome.state == COMPLETED
            and outcome.transfer_ref == self.transfer_ref
            and self.state == "completed"
            and self._is_code()
            and not self.pin
        ):
            self.write(self._prepare_receipt_values(outcome))

    def _check_code_arrived(self):
        """Tell the staff when a code was delivered that we do not hold."""
        if self._is_code() and not self.pin:
            self._alert(
                self.env._("Delivered without its code: ask the supplier for it, by our reference.")
            )

    def _show_pin_to_staff(self, reason):
        """Return the code for a manager, and record who saw it and why.

        :raise UserError: there is none.
        """
        self.ensure_one()
        self._check_role("pg_base.group_manager")
        known = self._reveal_pin()
        if not known:
            raise UserError(self.env._("This top-up has no code."))
        self.sudo()._log_event("note", self.env._("The code was shown to staff: %s", reason))
        self.env["pg.audit.log"]._log("topup.code_shown", self, details=reason)
        return known
