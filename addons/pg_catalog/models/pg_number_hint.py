from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..const import HINT_DAYS, NEIGHBOUR_DIGITS, NEIGHBOUR_HINTS
from ..tools import numbering


class PgNumberHint(models.Model):
    """Which operator serves a number, as customers of one company have said.

    The number itself is not kept: a keyed fingerprint of it, which differs from company to company,
    and its beginning without the last four digits.
    """

    _name = "pg.number.hint"
    _description = "Remembered operator of a number"
    _order = "last_used_at desc, id desc"
    _rec_name = "prefix"

    company_id = fields.Many2one(
        "res.company", "Company", required=True, readonly=True, index=True, ondelete="cascade"
    )
    fingerprint = fields.Char(required=True, readonly=True)
    prefix = fields.Char("Begins with", required=True, readonly=True)
    operator_id = fields.Many2one(
        "pg.operator", "Operator", required=True, readonly=True, index=True, ondelete="cascade"
    )
    count = fields.Integer("Times", default=1, readonly=True)
    last_used_at = fields.Datetime("Last time", required=True, readonly=True)

    _number_unique = models.UniqueIndex("(company_id, fingerprint)", "It is remembered already.")
    _prefix_idx = models.Index("(company_id, prefix)")

    # === BUSINESS === #

    @api.model
    @api.private
    def _remember(self, company, digits, operator):
        """Remember that a number is served by an operator; a later word replaces an earlier one."""
        self.env.cr.execute(
            SQL(
                """INSERT INTO pg_number_hint AS h (company_id, fingerprint, prefix, operator_id,
                               count, last_used_at, create_uid, create_date, write_uid, write_date)
                   VALUES (%(company)s, %(fingerprint)s, %(prefix)s, %(operator)s, 1, %(now)s,
                           %(uid)s, %(now)s, %(uid)s, %(now)s)
              ON CONFLICT (company_id, fingerprint) DO UPDATE
                      SET operator_id = excluded.operator_id, last_used_at = excluded.last_used_at,
                          write_date = excluded.write_date,
                          count = CASE WHEN h.operator_id = excluded.operator_id
                                       THEN h.count + 1 ELSE 1 END""",
                company=company.id,
                fingerprint=self._fingerprint(company, digits),
                prefix=numbering.prefix_of(digits, NEIGHBOUR_DIGITS),
                operator=operator.id,
                now=fields.Datetime.now(),
                uid=self.env.uid,
            )
        )
        self.invalidate_model()

    @api.model
    @api.private
    def _forget(self, company, digits, operator):
        """Take back that a number is served by an operator."""
        self._find(company, digits).filtered(lambda hint: hint.operator_id == operator).unlink()

    @api.model
    @api.private
    def _find(self, company, digits):
        """Return the hint for a number, or none."""
        rows = self._select(
            """
            SELECT h.id FROM pg_number_hint h
              JOIN pg_mobile_operator o ON o.id = h.operator_id AND o.active
             WHERE h.company_id = %s AND h.fingerprint = %s AND h.last_used_at >= %s
            """,
            company.id,
            self._fingerprint(company, digits),
            self._oldest(),
        )
        return self.browse(rows)

    @api.model
    @api.private
    def _find_neighbours(self, company, digits):
        """Return the operators named for at least three numbers that begin like a number."""
        rows = self._select(
            """
            SELECT operator_id FROM pg_number_hint
             WHERE company_id = %s AND prefix = %s AND last_used_at >= %s
          GROUP BY operator_id HAVING count(*) >= %s
            """,
            company.id,
            numbering.prefix_of(digits, NEIGHBOUR_DIGITS),
            self._oldest(),
            NEIGHBOUR_HINTS,
        )
        return self.env["pg.operator"].browse(rows)

    def _select(self, code, *values):
        """Return the ids that a statement finds; the search's own would take longer than it."""
        self.check_access("read")
        self.flush_model()
        self.env["pg.operator"].flush_model(["active"])
        return [id_ for (id_,) in self.env.execute_query(SQL(code, *values))]

    def _fingerprint(self, company, digits):
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return numbering.fingerprint(digits, secret, f"hint:{company.id}")

    def _oldest(self):
        return fields.Datetime.now() - timedelta(days=HINT_DAYS)

    @api.autovacuum
    def _gc_hints(self):
        self.search([("last_used_at", "<", self._oldest())], limit=10000).unlink()
