from odoo import api, fields, models
from odoo.addons.pg_base.tools.redact import mask_number
from odoo.exceptions import UserError
from odoo.tools import SQL

# A customer's book; above this nobody finds a name any more, and a robot has been at work.
BOOK_LIMIT = 200


class PgRecipient(models.Model):
    """A number that a customer sends minutes to: a line of the customer's own book.

    Lines come from deliveries, and from the customer's portal. They are never shared between
    customers or sellers.
    """

    _name = "pg.recipient"
    _description = "Recipient"
    _order = "is_favourite desc, sequence, last_sent_at desc nulls last, id"
    _check_company_auto = True
    _rec_names_search = ["name", "number"]

    company_id = fields.Many2one("res.company", "Organisation", required=True, index=True)
    partner_id = fields.Many2one("res.partner", "Customer", required=True, ondelete="cascade")
    name = fields.Char(size=64, help="How the customer calls this person.")
    number = fields.Char("Phone number", required=True, size=20)
    number_masked = fields.Char("Number", compute="_compute_number_masked")
    operator_id = fields.Many2one("pg.operator", "Operator", ondelete="set null")
    last_offer_id = fields.Many2one("product.template", "Last offer", ondelete="set null")
    last_sent_at = fields.Datetime("Last delivered", readonly=True)
    sent_count = fields.Integer("Delivered", readonly=True)
    is_favourite = fields.Boolean("Favourite", help="Kept by the customer; comes first.")
    sequence = fields.Integer(default=10)

    _number_unique = models.UniqueIndex(
        "(company_id, partner_id, number)", "This number is in the book already."
    )
    _partner_index = models.Index("(partner_id)")

    # === COMPUTE === #

    @api.depends("number")
    def _compute_number_masked(self):
        for recipient in self:
            recipient.number_masked = mask_number(recipient.number)

    @api.depends("name", "number_masked")
    def _compute_display_name(self):
        for recipient in self:
            recipient.display_name = recipient.name or recipient.number_masked

    # === BUSINESS === #

    @api.model
    def _add(self, company, partner, raw_number, name=""):
        """Put a number into a customer's book and return its line; known ones are named anew.

        :param raw_number: as typed.
        :raise UserError: the number is none, or the book is full.
        """
        match = self.env["pg.operator"]._match_number(company, raw_number, company.country_id.code)
        book = self.search([("company_id", "=", company.id), ("partner_id", "=", partner.id)])
        known = book.filtered(lambda line: line.number == match.e164)
        name = (name or "").strip()[:64]
        if known:
            known.write({"is_favourite": True, **({"name": name} if name else {})})
            return known
        if len(book) >= BOOK_LIMIT:
            raise UserError(self.env._("Your book is full. Please remove a number first."))
        return self.create(
            {
                "company_id": company.id,
                "partner_id": partner.id,
                "number": match.e164,
                "name": name,
                "operator_id": match.operators[:1].id,
                "is_favourite": True,
            }
        )

    def _absorb(self, others):
        """Take over what other lines of the same number hold, and remove them.

        :param others: lines of the same seller and number, of customers who become one.
        """
        self.ensure_one()
        lines = self | others
        latest = lines.filtered("last_sent_at").sorted("last_sent_at")[-1:] or self
        self.write(
            {
                "name": next((line.name for line in lines if line.name), False),
                "operator_id": latest.operator_id.id or self.operator_id.id,
                "last_offer_id": latest.last_offer_id.id,
                "last_sent_at": latest.last_sent_at,
                "sent_count": sum(lines.mapped("sent_count")),
                "is_favourite": any(lines.mapped("is_favourite")),
                "sequence": min(lines.mapped("sequence")),
            }
        )
        others.unlink()

    @api.model
    def _remember(self, topup):
        """Note a delivery in the customer's book: one statement, safe at the same moment twice.

        :param topup: a delivered top-up with a customer.
        """
        if not topup.partner_id:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pg_recipient (company_id, partner_id, number, operator_id,
                                          last_offer_id, last_sent_at, sent_count, sequence,
                                          create_uid, write_uid, create_date, write_date)
                VALUES (%(company)s, %(partner)s, %(number)s, %(operator)s, %(offer)s, %(at)s,
                        1, 10, %(user)s, %(user)s, %(at)s, %(at)s)
                ON CONFLICT (company_id, partner_id, number) DO UPDATE
                   SET operator_id = EXCLUDED.operator_id,
                       last_offer_id = EXCLUDED.last_offer_id,
                       last_sent_at = EXCLUDED.last_sent_at,
                       sent_count = pg_recipient.sent_count + 1,
                       write_date = EXCLUDED.write_date
                """,
                company=topup.company_id.id,
                partner=topup.partner_id.id,
                number=topup.number,
                operator=topup.operator_id.id,
                offer=topup.offer_id.id,
                at=topup.completed_at,
                user=self.env.uid,
            )
        )
        self.invalidate_model()
