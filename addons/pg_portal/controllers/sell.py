from odoo import http
from odoo.addons.pg_base.exceptions import TooManyRequests
from odoo.exceptions import UserError
from odoo.http import request

from ..tools import assets, params, signup
from . import page
from .portal_login import NO_STORE


class Sell(http.Controller):
    """A seller's sign-up: a form, a mail, and the shop once the mail is proven."""

    @http.route("/sell", type="http", auth="public", methods=["GET"])
    def sell_start(self, **_kwargs):
        """Show the form."""
        return self._render_form({})

    @http.route(
        "/sell", type="http", auth="public", methods=["POST"], max_content_length=page.MAX_BODY
    )
    def sell_ask(self, pot="", **post):
        """Take the form; the answer is the same whether the address is known or not."""
        if self._mode() == "closed":
            return self._render_form({})
        typed = {
            key: params.text(post.get(key))
            for key in ("company", "email", "country", "currency", "terms")
        }
        try:
            values = self._read_form(typed)
            # Only a robot fills in what nobody sees.
            if not pot:
                request.env["pg.seller.signup"]._ask(values, request.env.lang)
        except UserError as error:
            return self._render_form(typed, str(error), status=422)
        except TooManyRequests as refusal:
            text = request.env._("That was too often. Please try again later.")
            return self._render_form(typed, text, status=429, seconds=refusal.seconds)
        return request.redirect("/sell/sent", code=303)

    @http.route("/sell/sent", type="http", auth="public", methods=["GET"], readonly=True)
    def sell_sent(self, **_kwargs):
        """Say that a mail is on its way."""
        return self._render_message(
            request.env._("Look into your mailbox"),
            request.env._(
                "We have sent you a mail. Open the link in it within two days to go on. "
                "Nothing there? Look into the spam folder, or sign up once more."
            ),
            icon="mail",
        )

    @http.route("/sell/confirm", type="http", auth="public", methods=["GET"])
    def sell_confirm(self, t="", **_kwargs):
        """Ask for the rest: your name, the shop's address, a password."""
        known = self._find(t)
        return self._render_confirm(known, t, {}) if known else self._render_gone()

    @http.route(
        "/sell/confirm",
        type="http",
        auth="public",
        methods=["POST"],
        max_content_length=page.MAX_BODY,
    )
    def sell_open(self, t="", name="", slug="", password="", **_kwargs):
        """Open the shop, or put the sign-up before the platform's administrator."""
        known = self._find(t)
        if not known:
            return self._render_gone()
        if known.state == "review" or known._needs_approval():
            known._queue_review()
            return self._render_waiting()
        typed = {"name": params.text(name), "slug": params.text(slug, 63).lower()}
        try:
            person = signup.check_name(request.env, typed["name"])
            secret = password if isinstance(password, str) else ""
            company = known._open_shop(person, typed["slug"], secret)
        except UserError as error:
            return self._render_confirm(known, t, typed, str(error), status=422)
        values = {"shop_url": f"/topup/{company.pg_slug}", "email": known.email}
        return self._render("sell_done", values)

    # === HELPERS === #

    def _mode(self):
        return request.env["pg.seller.signup"]._get_mode()

    def _find(self, token):
        limits = request.env["pg.rate.limit"]
        limits._enforce("sell.link", limits._get_address(), 60, 15 * 60)
        return request.env["pg.seller.signup"]._from_token(params.token(token))

    def _read_form(self, typed):
        """Return the values of a sign-up. :raise UserError: something is to be mended."""
        env = request.env
        country = self._countries().filtered(lambda c: c.code == typed["country"])
        currency = self._currencies().filtered(lambda c: c.name == typed["currency"])
        values = {
            "company_name": signup.check_name(env, typed["company"]),
            "email": signup.check_email(env, typed["email"]),
            "country_id": country.id,
            "currency_id": currency.id,
        }
        if not country or not currency:
            raise UserError(env._("Please choose a country and a currency."))
        if typed["terms"] != "1":
            raise UserError(env._("Please accept the terms to go on."))
        return values

    def _countries(self):
        return request.env["res.country"].sudo().search([])

    def _currencies(self):
        return request.env["res.currency"].sudo().search([("active", "=", True)], order="name")

    def _render(self, template, values, *, status=200, seconds=0):
        values = {
            "error": "",
            "csrf_token": request.csrf_token(),
            "account_css_url": assets.asset_url("account.css"),
            **values,
        }
        headers = {**NO_STORE, **({"Retry-After": str(seconds)} if seconds else {})}
        nobody = request.env["res.company"].sudo().browse()
        return page.render(template, nobody, values, status=status, headers=headers)

    def _render_form(self, typed, error="", *, status=200, seconds=0):
        mode = self._mode()
        if mode == "closed":
            return self._render_message(
                request.env._("Sign-up is closed"),
                request.env._("New shops are opened by invitation at the moment."),
            )
        values = {
            "typed": typed,
            "error": error,
            "needs_approval": mode == "approval",
            "countries": self._countries(),
            "currencies": self._currencies(),
            "terms_url": self._get_terms_url(),
        }
        return self._render("sell", values, status=status, seconds=seconds)

    def _get_terms_url(self):
        """Return the address of the platform's terms, '' when it has none."""
        url = request.env["ir.config_parameter"].sudo().get_param("pg_portal.terms_url") or ""
        return url if url.startswith(("https://", "/")) else ""

    def _render_confirm(self, known, token, typed, error="", status=200):
        if known.state == "review":
            return self._render_waiting()
        values = {
            "login_token": params.token(token),
            "error": error,
            "email": known.email,
            "company_name": known.company_name,
            "needs_approval": known._needs_approval(),
            "name": typed.get("name", ""),
            "shop_slug": typed.get("slug") or signup.propose_slug(known.company_name),
            "host": request.httprequest.host,
        }
        return self._render("sell_confirm", values, status=status)

    def _render_message(self, title, detail, status=200, **looks):
        """Render a plain message. :param looks: ``icon``, ``tone``, ``links`` of the template."""
        return self._render("message", {"title": title, "detail": detail, **looks}, status=status)

    def _render_waiting(self):
        return self._render_message(
            request.env._("Thank you, your address is confirmed"),
            request.env._("We look at each new shop ourselves and write to you soon."),
            icon="check",
            tone="good",
        )

    def _render_gone(self):
        return self._render_message(
            request.env._("This link does not work any more"),
            request.env._("It is used or out of date. Log in, or sign up once more."),
            status=404,
            links=[
                ("/web/login", request.env._("Log in")),
                ("/sell", request.env._("Sign up once more")),
            ],
        )
