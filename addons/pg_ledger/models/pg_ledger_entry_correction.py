from collections import Counter
from decimal import Decimal

from odoo import api, fields, models

from ..postings import Posting
from ..worker.reading import read_entries


class PgLedgerEntry(models.Model):
    """Corrections: an entry is never changed, another one undoes it and names it."""

    _inherit = "pg.ledger.entry"

    correction_ids = fields.One2many(
        "pg.ledger.entry", "corrects_id", string="Corrected by", readonly=True
    )

    # === ACTION === #

    def action_correct(self):
        """Ask how to correct this entry.

        :return: the action that opens the question
        """
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("pg_ledger.action_adjust")
        return action | {
            "name": self.env._("Correct %(entry)s", entry=self.key),
            "context": {
                "default_entry_id": self.id,
                "default_company_id": self.company_id.id,
                "default_way": "undo",
            },
        }

    # === BUSINESS === #

    def _post_reversal(self, *, key, kind="adjustment", payload=None):
        """Append the entry that undoes this one, to the cent, and names it.

        :param str key: as for :meth:`_post`: the same key never undoes twice
        :param str kind: one of ``const.KINDS``
        :param dict payload: why, as for :meth:`_post`
        :return: the new entry
        :raise LedgerError: as :meth:`_post` does
        """
        self.ensure_one()
        self.invalidate_recordset(["correction_ids"])
        return self._post(
            company=self.company_id,
            kind=kind,
            key=key,
            subject=self.subject,
            subject_ref=self.subject_ref,
            postings=[
                Posting(leg.account, -leg.amount, leg.currency, -leg.company_amount)
                for leg in self._read_postings()
            ],
            payload=payload,
            corrects=self,
        )

    def _read_postings(self):
        """Return the postings of this entry in order, exact.

        :rtype: list[Posting]
        """
        self.ensure_one()
        return [
            Posting(account, Decimal(amount), currency, Decimal(value))
            for account, amount, currency, value in read_entries(self.env.cr, self.ids)[self.id][
                "postings"
            ]
        ]

    @api.model
    def _find_by_key(self, company, key):
        """Return the entry that a company posted under a key, empty when there is none."""
        return self.search([("company_id", "=", company.id), ("key", "=", key)], limit=1)

    def _is_undone(self):
        """Tell whether entries that name this one undo it, to the cent.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        sums = Counter()
        for entry in (self, *self.correction_ids):
            for leg in entry._read_postings():
                sums[leg.account, leg.currency] += leg.amount
        return bool(self.correction_ids) and not any(sums.values())
