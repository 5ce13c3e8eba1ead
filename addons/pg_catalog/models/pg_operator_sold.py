from dataclasses import dataclass

from odoo import api, models
from odoo.tools import SQL

from ..const import KINDS, MOBILE_KINDS

ALL_KINDS = tuple(kind for kind, _label in KINDS)


@dataclass(frozen=True)
class Candidate:
    """An operator that might serve a number, and what its rank among others depends on."""

    id: int
    name: str
    sequence: int
    pattern: str
    supplier_id: int
    has_country: bool
    is_sold: bool
    is_mobile: bool

    @property
    def order(self):
        """Sort key, as that of the model."""
        return (self.sequence, self.name, self.id)


class PgOperator(models.Model):
    """What a seller sells, found by one statement each: every page of a storefront asks for it.

    The condition is that of ``_pg_offers`` of the offers, plus the kinds that are asked for.
    """

    _inherit = "pg.operator"

    # === BUSINESS === #

    @api.model
    @api.private
    def _find_sold(self, company, country_code, kinds=ALL_KINDS):
        """Return the operators of a country of which a seller can sell something now, in order.

        :param str country_code: ISO 3166.
        :param kinds: of the SKUs that count.
        """
        self._flush_sold()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT o.id
                  FROM res_country c
                  JOIN pg_mobile_operator o ON o.country_id = c.id AND o.active
            CROSS JOIN LATERAL (%s) sold
                 WHERE c.code = %s
              ORDER BY o.sequence, o.name, o.id
                """,
                self._sold_sql(company, SQL("t.pg_operator_id = o.id"), kinds),
                country_code,
            )
        )
        return self.browse(id_ for (id_,) in rows)

    @api.model
    @api.private
    def _find_sold_countries(self, company, kinds=ALL_KINDS, country_code=None):
        """Return the countries for whose operators a seller can sell something now.

        :param str country_code: look at this one only.
        """
        self._flush_sold()
        rows = self.env.execute_query(
            SQL(
                "SELECT c.id FROM res_country c CROSS JOIN LATERAL (%s) sold WHERE %s",
                self._sold_sql(
                    company,
                    SQL(
                        "t.pg_country_id = c.id AND EXISTS (SELECT FROM pg_mobile_operator o"
                        " WHERE o.id = t.pg_operator_id AND o.active)"
                    ),
                    kinds,
                ),
                SQL("c.code = %s", country_code) if country_code else SQL("TRUE"),
            )
        )
        return self.env["res.country"].browse(id_ for (id_,) in rows)

    @api.private
    def _find_offers(self, company, kinds=None):
        """Return the ids of the offers of a seller for these operators, in the seller's order."""
        if not self:
            return []
        self._flush_sold()
        condition = SQL(
            "t.pg_operator_id IN (SELECT id FROM pg_mobile_operator WHERE active AND id IN %s)",
            tuple(self.ids),
        )
        rows = self.env.execute_query(
            SQL(
                "SELECT t.id %s ORDER BY t.sequence, t.list_price, t.id",
                self._offers_sql(company, condition, kinds or ALL_KINDS),
            )
        )
        return [id_ for (id_,) in rows]

    @api.model
    @api.private
    def _find_candidates(self, company, country_code):
        """Return the operators with a pattern that a seller may use for numbers of a country.

        Those without a country serve all of them.

        :rtype: list of Candidate
        """
        self.browse().check_access("read")
        self._flush_sold()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT o.id, o.name, COALESCE(o.sequence, 0), o.pattern, o.supplier_id,
                       o.country_id IS NOT NULL, EXISTS (%(sold)s),
                       EXISTS (%(sku)s AND k.kind IN %(mobile)s)
                  FROM pg_mobile_operator o
                  JOIN pg_supplier p ON p.id = o.supplier_id AND p.active
                 WHERE o.active AND o.pattern != ''
                   AND (o.company_id IS NULL OR o.company_id = %(company)s)
                   AND (o.country_id IS NULL OR o.country_id = (
                            SELECT id FROM res_country WHERE code = %(country)s))
                   AND EXISTS (%(sku)s)
                """,
                sold=self._sold_sql(company, SQL("t.pg_operator_id = o.id"), ALL_KINDS),
                sku=SQL("SELECT FROM pg_sku k WHERE k.operator_id = o.id AND k.active"),
                mobile=tuple(MOBILE_KINDS),
                company=company.id,
                country=country_code,
            )
        )
        return [Candidate(*row) for row in rows]

    # === HELPERS === #

    def _sold_sql(self, company, condition, kinds):
        """Return the statement that tells whether a seller has an offer that can be sold now.

        With a limit, so that it is looked up by an index for each row beside it and the offers of
        a seller, maybe tens of thousands, are never gone through.

        :param SQL condition: on the offer ``t``, whose operator it makes an active one.
        """
        return SQL("SELECT 1 %s LIMIT 1", self._offers_sql(company, condition, kinds))

    def _offers_sql(self, company, condition, kinds):
        """Return the part of a statement that finds what a seller can sell now, as ``t``."""
        return SQL(
            """
              FROM product_template t
              JOIN pg_sku sk ON sk.id = t.pg_sku_id AND sk.active AND sk.kind IN %s
              JOIN pg_supplier sp ON sp.id = sk.supplier_id AND sp.active
             WHERE t.company_id = %s AND %s AND t.active AND t.sale_ok AND t.pg_sku_id IS NOT NULL
            """,
            tuple(kinds),
            company.id,
            condition,
        )

    def _flush_sold(self):
        """Write to the database what the statements above look at."""
        for model, names in (
            ("product.template", ["active", "sale_ok", "company_id", "pg_sku_id",
                                  "pg_operator_id", "pg_country_id", "sequence", "list_price"]),
            ("pg.sku", ["active", "kind", "operator_id", "supplier_id"]),
            ("pg.operator", ["active", "company_id", "country_id", "name", "pattern", "sequence",
                             "supplier_id"]),
            ("pg.supplier", ["active"]),
            ("res.country", ["code"]),
        ):  # fmt: skip
            self.env[model].flush_model(names)
