import base64
import tempfile
from datetime import datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..report.ledger_summary import LedgerSummary
from ..report.ledger_workbook import Heading, LedgerWorkbook

BASES = [("entry", "Day of the entry"), ("business", "Business day of the top-up")]


class PgReportLedger(models.TransientModel):
    """Asks for a period and gives the ledger summary of it as a workbook."""

    _name = "pg.report.ledger"
    _description = "Ledger summary"

    company_id = fields.Many2one(
        "res.company", "Organisation", required=True, default=lambda self: self.env.company
    )
    date_from = fields.Date("From", required=True, default=lambda self: self._default_from())
    date_to = fields.Date("To", required=True, default=lambda self: self._today())
    basis = fields.Selection(
        BASES,
        "Dated by",
        required=True,
        default="entry",
        help="Day of the entry: what happened in the period. Business day: how the sales of the "
        "period stand today, whenever they were delivered or refunded.",
    )
    file = fields.Binary("Workbook", readonly=True, attachment=True)
    file_name = fields.Char(readonly=True)

    _period_forward = models.Constraint(
        "CHECK (date_from <= date_to)", "The period ends before it begins."
    )

    # === DEFAULTS === #

    @api.model
    def _today(self):
        return datetime.now(ZoneInfo(self.env.company.pg_tz or "UTC")).date()

    @api.model
    def _default_from(self):
        return self._today() + relativedelta(day=1)

    # === ACTIONS === #

    def action_export(self):
        """Make the workbook and send it to the browser."""
        self.ensure_one()
        self._check_rights()
        content, _differences = self._build_workbook()
        name = f"ledger-{self.company_id.pg_slug or self.company_id.id}"
        self.write(
            {
                "file": base64.b64encode(content),
                "file_name": f"{name}-{self.date_from}-{self.date_to}.xlsx",
            }
        )
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file/{self.file_name}?download=true",
            "target": "download",
        }

    def _check_rights(self):
        """Refuse a company that the user may not enter, and users who may not read its books.

        :raise AccessError:
        """
        for model in ("pg.topup", "pg.ledger.entry", "pg.ledger.posting", "pg.ledger.seal"):
            self.env[model].check_access("read")
        if self.company_id not in self.env.user.company_ids:
            raise AccessError(self.env._("This organisation is not yours."))

    # === BUSINESS === #

    def _build_workbook(self):
        """Return the workbook's bytes, and per currency what the books differ by.

        :rtype: tuple[bytes, dict[str, Decimal]]
        """
        company = self.company_id
        summary = LedgerSummary(company, self.date_from, self.date_to, self.basis)
        with tempfile.TemporaryFile(suffix=".xlsx") as target:
            workbook = LedgerWorkbook(target, self._prepare_heading())
            differences = workbook.write(summary.accounts(), summary.topups(), self._find_seals())
            target.seek(0)
            return target.read(), differences

    def _find_seals(self):
        """Return the seals of the days of the period, oldest first."""
        return self.env["pg.ledger.seal"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("day", ">=", self.date_from),
                ("day", "<=", self.date_to),
            ],
            order="to_seq",
        )

    def _prepare_heading(self):
        # Under two hundred rows, the archived ones included.
        # pylint: disable-next=no-search-all
        currencies = self.env["res.currency"].with_context(active_test=False).search([])
        return Heading(
            seller=self.company_id.name,
            period=f"{self.date_from} – {self.date_to}",
            basis=dict(self._fields["basis"]._description_selection(self.env))[self.basis],
            currency=self.company_id.currency_id.name,
            decimals={currency.name: currency.decimal_places for currency in currencies},
        )
