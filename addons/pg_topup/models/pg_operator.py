from odoo import fields, models


class PgOperator(models.Model):
    _inherit = "pg.operator"

    circuit_ids = fields.One2many("pg.circuit", "operator_id", "Pauses", readonly=True)
    is_paused = fields.Boolean("Sending is paused", compute="_compute_is_paused")

    def _compute_is_paused(self):
        """Tell whether a circuit of the operator, or of its supplier, is not closed."""
        for operator in self:
            circuits = operator.circuit_ids | operator.supplier_id.circuit_ids.filtered(
                lambda circuit: not circuit.operator_id
            )
            operator.is_paused = any(circuit.state != "closed" for circuit in circuits)
