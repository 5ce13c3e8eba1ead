import logging

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import const
from ..dispatcher.meter import BufferedMeter

_logger = logging.getLogger(__name__)

PAUSED = "pg_topup.activity_paused"


class PgSupplier(models.Model):
    _inherit = "pg.supplier"

    absence_window = fields.Integer(
        "Proof of absence after (s)",
        default=600,
        help="A transfer that was sent without an answer counts as never made when, this many "
        "seconds later, repeated look-ups by reference and by number find nothing.",
    )
    resend_absent = fields.Boolean(
        "Send again once absence is proven",
        default=True,
        help="Off: a person decides every top-up whose transfer cannot be found.",
    )
    circuit_faults = fields.Integer(
        "Pause after faults",
        default=10,
        help="Sends pause when this many calls failed within the window, and they are at least "
        "half of all. 0: never.",
    )
    circuit_window = fields.Integer("Within (s)", default=60)
    circuit_pause = fields.Integer(
        "First pause (s)",
        default=30,
        help="Doubles with each trial that fails, up to twenty times as long.",
    )
    circuit_ids = fields.One2many("pg.circuit", "supplier_id", "Pauses", readonly=True)
    is_paused = fields.Boolean("Sending is paused", compute="_compute_is_paused")

    _absence_window_positive = models.Constraint(
        "CHECK (absence_window > 0)", "The window is a positive number of seconds."
    )
    _circuit_positive = models.Constraint(
        "CHECK (circuit_faults >= 0 AND circuit_window > 0 AND circuit_pause > 0)",
        "Faults, window and pause are positive numbers.",
    )

    @api.constrains("absence_window")
    def _check_absence_window(self):
        """Keep the window longer than a call that its worker has given up may still take."""
        if any(supplier.absence_window < const.ABSENCE_LEAST for supplier in self):
            raise ValidationError(
                self.env._(
                    "Absence is proven after %s s at the earliest: a call may take so long.",
                    const.ABSENCE_LEAST,
                )
            )

    # === COMPUTE === #

    def _compute_is_paused(self):
        for supplier in self:
            supplier.is_paused = any(c.state != "closed" for c in supplier.circuit_ids)

    # === BUSINESS === #

    def _get_meter(self):
        """Override of `pg_catalog` to have a dispatcher's calls kept by the dispatcher, in bulk."""
        meter = super()._get_meter()
        records = self.env.context.get("pg_call_records")
        return meter if records is None else BufferedMeter(self.id, meter, records)

    def _alert_circuit(self, circuit):
        """Tell whoever looks after the supplier that sends are paused; once per pause."""
        what = circuit.display_name
        _logger.warning("sends to %s are paused: %s", what, circuit.reason)
        self.activity_schedule(
            PAUSED,
            summary=self.env._("Sends to %s are paused", what),
            note=circuit.reason,
            user_id=(self.responsible_id or self.env.ref("base.user_admin")).id,
        )

    def _resolve_circuit_alert(self, circuit):
        """End the alert of a circuit that is closed again."""
        summary = self.env._("Sends to %s are paused", circuit.display_name)
        activities = self.activity_ids.filtered(lambda a: a.summary == summary)
        if activities:
            activities.action_feedback(feedback=self.env._("It works again."))
        _logger.info("sends to %s go on", circuit.display_name)
