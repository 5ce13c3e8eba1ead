from odoo import api, models


class PgSecretMixin(models.AbstractModel):
    """Gives server code the clear text of the model's secret fields; no RPC reaches it."""

    _name = "pg.secret.mixin"
    _description = "Holder of encrypted credentials"

    @api.private
    def _pg_reveal(self, field_name):
        """Return the clear text of a `Secret` field of one record, '' when it is empty.

        :raise UserError: when no configured key can decrypt it.
        """
        self.ensure_one()
        return self._fields[field_name].reveal(self)
