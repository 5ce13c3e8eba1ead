from datetime import date

from odoo import http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request

from ..tools import assets, identity, params
from . import account, page
from .portal_login import NO_STORE

PDF_HEADERS = {
    "Content-Type": "application/pdf",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def _month(text):
    """Return the first day of a month written as 2026-11, None for anything else."""
    text = params.text(text, 7)
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None


class PortalMy(http.Controller):
    """The customer's own room at one seller. Whoever is not logged in is led to the login."""

    @http.route("/portal/<string:slug>", type="http", auth="public", methods=["GET"])
    def portal_history(self, slug, state="", q="", month="", p="", **_kwargs):
        """Show the history. :param q: search; :param p: page, from 1."""
        company, partners = self._enter(slug)
        if not partners:
            return self._to_login(company)
        pages = page.storefront(company)
        values = pages._get_account_values(
            company,
            partners,
            state=params.text(state, 12),
            search=params.text(q, 60),
            month=_month(month),
            at=params.record_id(p) or 1,
        )
        return self._render("portal_history", company, partners, values)

    @http.route("/portal/<string:slug>/receipts.pdf", type="http", auth="public", methods=["GET"])
    def portal_receipts(self, slug, month="", **_kwargs):
        """Send all receipts of a month as one file."""
        company, partners = self._enter(slug)
        day = _month(month)
        if not partners or not day:
            page.refuse(company)
        pdf = page.storefront(company)._render_month(company, partners, day)
        if not pdf:
            page.refuse(company)
        name = content_disposition(f"receipts-{day:%Y-%m}.pdf")
        headers = {**page.HEADERS, **NO_STORE, **PDF_HEADERS, "Content-Disposition": name}
        return request.make_response(pdf, headers=list(headers.items()))

    @http.route(
        "/portal/<string:slug>/again/<int:topup_id>", type="http", auth="public", methods=["GET"]
    )
    def portal_again(self, slug, topup_id, **_kwargs):
        """Lead to the review of the same order; nothing is ordered before it is confirmed there."""
        company, partners = self._enter(slug)
        pages = page.storefront(company)
        topup = pages._find_own(company, partners, topup_id) if partners else None
        if not topup:
            page.refuse(company)
        return request.redirect(pages._get_repeat_url(topup), code=303)

    @http.route(
        "/portal/<string:slug>/pay/<int:topup_id>",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def portal_pay_by_credit(self, slug, topup_id, **_kwargs):
        """Pay a waiting order of one's own by credit; a second click is one payment."""
        company, partners = self._enter(slug)
        pages = page.storefront(company)
        topup = pages._find_own(company, partners, topup_id) if partners else None
        if not topup:
            page.refuse(company)
        try:
            # Signed in as this customer: the order is one of its own.
            topup._pay_with_credit(topup.partner_id)
        except UserError as error:
            values = pages._get_account_values(company, partners)
            return self._render(
                "portal_history", company, partners, {**values, "error": str(error)}, 422
            )
        return request.redirect(topup._get_status_url(), code=303)

    # === SETTINGS === #

    @http.route("/portal/<string:slug>/settings", type="http", auth="public", methods=["GET"])
    def portal_settings(self, slug, saved="", **_kwargs):
        """Show language, messages, and the way to delete one's data."""
        company, partners = self._enter(slug)
        if not partners:
            return self._to_login(company)
        return self._render_settings(company, partners, saved=bool(saved))

    @http.route(
        "/portal/<string:slug>/settings",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def portal_save_settings(self, slug, lang="", email="", sms="", **_kwargs):
        """Keep language and messages."""
        company, partners = self._enter(slug)
        if not partners:
            return self._to_login(company)
        values = {"pg_no_email": email != "1", "pg_no_sms": sms != "1"}
        if params.text(lang, 10) in dict(request.env["res.lang"].sudo().get_installed()):
            values["lang"] = lang
        partners.filtered(lambda partner: partner.company_id == company).write(values)
        return request.redirect(f"/portal/{company.pg_slug}/settings?saved=1", code=303)

    @http.route("/portal/<string:slug>/delete", type="http", auth="public", methods=["GET"])
    def portal_delete(self, slug, **_kwargs):
        """Say what is deleted and what is kept, and ask for a confirmation."""
        company, partners = self._enter(slug)
        if not partners:
            return self._to_login(company)
        return self._render_delete(company, partners)

    @http.route(
        "/portal/<string:slug>/delete",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def portal_delete_confirmed(self, slug, sure="", **_kwargs):
        """Delete what is known of the customer."""
        company, partners = self._enter(slug)
        if not partners:
            return self._to_login(company)
        try:
            if sure != "1":
                raise UserError(request.env._("Please tick the box first."))
            if not account.find_identity(company):
                raise UserError(request.env._("Please log in with a code to delete your data."))
            partners._pg_forget(company)
        except UserError as error:
            return self._render_delete(company, partners, str(error), status=422)
        account.sign_out(company)
        text = {
            "title": request.env._("Your data is deleted"),
            "detail": request.env._(
                "What must be kept for the books names nobody any more. Thank you and good-bye."
            ),
            "icon": "check",
            "tone": "good",
        }
        return page.render("message", company, text, headers=NO_STORE)

    # === HELPERS === #

    def _enter(self, slug):
        """Return the seller and the visitor's customers at it; in the customer's own language."""
        company = page.find_seller(slug)
        partners = account.find_partners(company)
        lang = partners[:1].lang
        if lang and lang != request.env.lang:
            request.update_context(lang=lang)
        return company, partners

    def _to_login(self, company):
        return request.redirect(f"/portal/{company.pg_slug}/login", code=303)

    def _render(self, template, company, partners, values, status=200):
        proven = account.find_identity(company)
        common = {
            "base": f"/portal/{company.pg_slug}",
            "account_css_url": assets.asset_url("account.css"),
            "csrf_token": request.csrf_token(),
            "who": identity.masked(proven) if proven else partners[:1].name,
            "by_code": bool(proven),
            "credit": page.storefront(company)._get_credit_words(company, partners),
        }
        return page.render(template, company, {**common, **values}, status=status, headers=NO_STORE)

    def _render_settings(self, company, partners, saved):
        first = partners[:1]
        values = {
            "saved": saved,
            "languages": request.env["res.lang"].sudo().get_installed(),
            "lang": first.lang or request.env.lang,
            "wants_email": not first.pg_no_email,
            "wants_sms": not first.pg_no_sms,
            "has_sms": company.pg_notify_sms,
        }
        return self._render("portal_settings", company, partners, values)

    def _render_delete(self, company, partners, error="", status=200):
        return self._render("portal_delete", company, partners, {"error": error}, status)
