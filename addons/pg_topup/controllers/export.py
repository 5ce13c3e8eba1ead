import json

from odoo import api, http
from odoo.exceptions import AccessError, UserError
from odoo.http import content_disposition, request

from ..report.export import Export, iter_csv, iter_xlsx
from ..report.xlsx_stream import ROWS

MAX_DOMAIN = 20_000


class TopupExport(http.Controller):
    """The history as a file: all that is filtered, streamed."""

    @http.route("/pg/topups/export/<string:kind>", type="http", auth="user", readonly=True)
    def export(self, kind, domain="[]", companies="", **_kwargs):
        """Send the filtered top-ups.

        :param kind: ``csv`` or ``xlsx``.
        :param domain: the list's filter, as JSON.
        :param companies: ids of the organisations that are switched on, with commas.
        """
        if kind not in ("csv", "xlsx"):
            raise request.not_found()
        user = request.env.user
        if not user.has_group("base.group_allow_export"):
            raise AccessError(request.env._("You do not have the right to export."))
        self._enter(companies)
        domain = self._parse(domain)
        if kind == "xlsx":
            self._check_size(domain)
        pieces = self._stream(domain, iter_csv if kind == "csv" else iter_xlsx)
        types = {
            "csv": "text/csv; charset=utf-8",
            "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
        return request.make_response(
            pieces,
            headers=[
                ("Content-Type", types[kind]),
                ("Content-Disposition", content_disposition(f"top-ups.{kind}")),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    def _enter(self, companies):
        """Take the organisations that are switched on in the back office, of the user's own."""
        mine = request.env.user.company_ids.ids
        asked = [int(part) for part in companies.split(",") if part.isdigit()]
        allowed = [identity for identity in asked if identity in mine] or request.env.company.ids
        request.update_context(allowed_company_ids=allowed)

    def _parse(self, text):
        """Return the filter, or refuse what is none."""
        problem = request.env._("This filter cannot be read. Please open the list again.")
        if len(text) > MAX_DOMAIN:
            raise UserError(problem)
        try:
            domain = json.loads(text)
            request.env["pg.topup"]._search(domain)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(problem) from error
        return domain

    def _stream(self, domain, write):
        """Return a generator; it runs after this request, so with a cursor of its own.

        :param write: makes the pieces of the file from an `Export`.
        """
        registry, uid = request.env.registry, request.env.uid
        context = dict(request.env.context)

        def generate():
            with registry.cursor(readonly=True) as cr:
                yield from write(Export(api.Environment(cr, uid, context), domain))

        return generate()

    def _check_size(self, domain):
        """Refuse what no spreadsheet holds, before anything is sent.

        :raise UserError: there are too many rows.
        """
        if Export(request.env, domain).count(ROWS) >= ROWS:
            raise UserError(
                request.env._("A spreadsheet holds a million rows. Filter, or export as CSV.")
            )
