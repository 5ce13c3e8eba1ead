"""How every page of the storefront is sent, and how strangers are turned away."""

import re
import secrets

from lxml import etree, html
from markupsafe import Markup
from odoo.addons.pg_base.exceptions import TooManyRequests
from odoo.exceptions import UserError
from odoo.http import request
from werkzeug.exceptions import HTTPException

from ..tools import params
from . import account

# A body of a storefront form is under 2 kB; anything near this limit is no form of ours.
MAX_BODY = 16 * 1024

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


def render(template, company, values, *, status=200, form_action="", headers=None):
    """Return a page of a seller as response.

    :param company: the seller, or an empty recordset for a neutral look.
    :param form_action: another origin to which a form of the page leads (the gateway's).
    """
    nonce = secrets.token_urlsafe(16)
    seller = storefront(company)._get_seller_values(company)
    body = request.env["ir.qweb"]._render(
        f"pg_portal.{template}", {"error": "", **values, "seller": seller, "nonce": nonce}
    )
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {form_action}"
    )
    return request.make_response(
        body,
        headers={
            **HEADERS,
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy.strip(),
            **(headers or {}),
        }.items(),
        status=status,
    )


def storefront(company):
    """Return the model of the pages, for one seller."""
    return request.env["pg.storefront"]._for_seller(company)


def storefront_of_customer(company):
    """Return the model of the pages with the prices of the customer who is logged in, if any."""
    return storefront(company)._for_customer(company, customer(company))


def find_seller(slug):
    """Return the seller of an address; a page with status 404 ends the request if there is none."""
    company = request.env["res.company"]._pg_from_slug(slug)
    if not company:
        refuse(company)
    return company


def find_topup(company, token):
    """Return the top-up of a seller with this token, in sudo; 404 ends the request otherwise."""
    topup = request.env["pg.topup"]._from_token(company, params.token(token))
    return topup or refuse(company)


def refuse(company):
    """End the request with a page that says that there is nothing here."""
    raise HTTPException(
        response=render(
            "message",
            company,
            {
                "title": request.env._("This page does not exist"),
                "detail": request.env._(
                    "The address may be cut off or out of date. Please check it, or start anew."
                ),
            },
            status=404,
        )
    )


def limit(company, bucket, hits, seconds=60):
    """End the request with a page and status 429 when the visitor asks too often.

    :param str bucket: what is asked; the system parameter ``pg_base.rate.<bucket>`` overrules it.
    """
    limits = request.env["pg.rate.limit"]
    try:
        limits._enforce(bucket, limits._get_address(), hits, seconds)
    except TooManyRequests as refusal:
        response = render(
            "message",
            company,
            {
                "title": request.env._("One moment, please"),
                "detail": request.env._("That was a bit often. Please try again in a minute."),
            },
            status=429,
            headers={"Cache-Control": "no-store", "Retry-After": str(refusal.seconds)},
        )
        raise HTTPException(response=response) from None


def customer(company):
    """Return the partner (sudo) of the customer who is logged in at a seller, empty for a guest."""
    user = request.env.user.sudo()
    if user._is_public():
        return account.find_partners(company)[:1]
    return user.partner_id


def source():
    """Return what Odoo's `utm` keeps, in the visitor's browser, of the link that led here."""
    fields = {"source_id": "utm_source", "medium_id": "utm_medium", "campaign_id": "utm_campaign"}
    return {
        fields[field]: request.cookies.get(cookie)
        for _parameter, field, cookie in request.env["utm.mixin"].tracking_fields()
        if field in fields
    }


def render_redirect(company, topup, provider, form):
    """Return the page that leads the customer to the gateway, with and without JavaScript."""
    fragment = html.fragment_fromstring(str(form), create_parent="div")
    gateway_form = fragment.find(".//form")
    gateway_form.set("id", "gateway-form")
    found = re.match(r"https?://[^/\s;'\"]+", gateway_form.get("action") or "")
    pages = storefront(company)
    return render(
        "redirect",
        company,
        {
            "form": Markup(etree.tostring(fragment, encoding="unicode", method="html")),
            "form_id": "gateway-form",
            "price": pages._format_money(topup.amount, topup.currency_id.name, whole=False),
            "provider": provider.name,
            "converted": topup._get_converted() or "",
            "status_url": topup._get_status_url(),
        },
        form_action=found.group() if found else "",
        headers={"Cache-Control": "no-store"},
    )


def error_text(error):
    """Return the sentence for the customer; what the outside said is not for its eyes."""
    if error is None:
        return ""
    if isinstance(error, UserError):
        return str(error)
    return request.env._("The payment page does not answer. Nothing is charged; please try again.")
