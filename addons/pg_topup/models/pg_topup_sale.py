import hashlib
import json
import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import api, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import email_normalize, mute_logger
from psycopg2 import IntegrityError

from .. import const
from ..clock import now
from ..exceptions import OrderConflict
from .pg_topup_source import clean_source

LIMITS = {"client_key": 64, "email": 254, "user_agent": 256, "ip": 64}
QUIET = {
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "tracking_disable": True,
    "mail_notrack": True,
}


class PgTopup(models.Model):
    """How an order is placed, once for each key, with what it promises pinned."""

    _inherit = "pg.topup"

    @api.model
    def _place(
        self,
        *,
        company,
        offer,
        number,
        send_value=None,
        client_key=None,
        channel="storefront",
        email=None,
        lang=None,
        ip=None,
        user_agent=None,
        partner=None,
        confirmed=False,
        source=None,
    ):
        """Take an order: price it on the server, pin the price, wait for payment.

        The same client key with the same order gives the same top-up, however often and however
        much at once it is asked; with another order it is refused.

        :param company: the seller.
        :param offer: a `product.template` of that seller.
        :param str number: as typed by the customer.
        :param Decimal send_value: for an offer with a range, in the SKU's currency.
        :param str client_key: made by the client, at most 64 characters.
        :param partner: the customer when known for sure, who buys by its own price list; else found
            by e-mail.
        :param bool confirmed: the customer wants it though the same was sent a moment ago.
        :param dict source: ``utm_source``, ``utm_medium``, ``utm_campaign`` of the visitor's link.
        :return: the top-up, in state `pending` when it is new.
        :raise RepeatedOrder: the same was bought a moment ago; ask, then come with ``confirmed``.
        :raise UserError: with a sentence for the customer; nothing is stored then.
        """
        self = self.with_company(company).with_context(**QUIET)  # noqa: PLW0642
        offer = offer.with_company(company)
        match = self._check_request(company, number, client_key, email)
        asked = [offer.id, match.e164, str(send_value and send_value.normalize()), email or ""]
        request_hash = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
        known = self._find_by_key(company, client_key, request_hash)
        if known:
            return known
        self._check_offer(company, offer, match)
        quote = offer._pg_quote(
            send_value=send_value, pricelist=partner and partner._pg_get_pricelist(company)
        )
        self._check_guards(company, offer, match, quote, customer=partner)
        if not confirmed:
            self._check_repeated(company, match, quote)
        values = {
            **self._prepare_pin(quote, company),
            **self._prepare_promotion(company, offer, quote),
            **self._prepare_moment(company),
            **clean_source(source),
            "company_id": company.id,
            "number": match.e164,
            "channel": channel,
            "client_key": client_key or False,
            "request_hash": request_hash,
            "email": email_normalize(email) if email else False,
            "lang": lang or False,
            "ip": (ip or "")[: LIMITS["ip"]],
            "user_agent": (user_agent or "")[: LIMITS["user_agent"]],
            "partner_id": (partner or self._find_customer(company, match, email)).id,
        }
        topup = self._create_order(values)
        topup._note_source()
        if offer.pg_sku_id.kind not in const.CODE_KINDS:
            self._remember_choice(company, offer, match, channel)
        return topup

    def _create_order(self, values):
        try:
            # A double click is no error; and its log line would hold the number in clear.
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                topup = self.create(values)
                self.env.flush_all()
                topup._apply_limits()
        except IntegrityError as error:
            if error.diag.constraint_name != self._client_key_unique.full_name(self):
                raise
            # The same click, committed by another request since this one began: begin again.
            raise ConcurrencyError(self.env._("This order is being placed already.")) from error
        topup._log_event("state", self.env._("Order placed."), state="pending")
        return topup

    def _check_request(self, company, number, client_key, email):
        """Return the number's match, or refuse what a customer must mend first."""
        if client_key and len(client_key) > LIMITS["client_key"]:
            raise UserError(self.env._("The order key is too long."))
        if email and (len(email) > LIMITS["email"] or not email_normalize(email)):
            raise UserError(self.env._("This e-mail address does not look right."))
        return self.env["pg.operator"]._match_number(company, number, company.country_id.code)

    def _check_offer(self, company, offer, match):
        """Refuse an offer that is not sold here, not to this number, or not without a bill."""
        if not offer.exists() or offer.company_id != company or not offer.pg_is_offer:
            raise UserError(self.env._("This offer is not sold here."))
        if offer.pg_sku_id.kind not in const.SOLD_KINDS or offer.pg_sku_id.bill_required:
            raise UserError(self.env._("This kind of product cannot be ordered here yet."))
        if match.country_code != offer.pg_operator_id.country_id.code:
            raise UserError(
                self.env._("This number does not belong to the country of the chosen operator.")
            )

    def _find_by_key(self, company, client_key, request_hash):
        """Return the top-up that was placed with this key, or an empty recordset.

        :raise OrderConflict: it was another order.
        """
        if not client_key:
            return self.browse()
        known = self.search(
            [("company_id", "=", company.id), ("client_key", "=", client_key)], limit=1
        )
        if known and known.request_hash != request_hash:
            raise OrderConflict(
                self.env._("This order was changed after it was placed. Please start a new one.")
            )
        return known

    def _prepare_pin(self, quote, company):
        """Return the field values that pin a price on the top-up."""
        currency = self.env["res.currency"].with_context(active_test=False)
        by_code = {
            code: currency.search([("name", "=", code)], limit=1).id
            for code in {quote.currency, quote.send_currency, quote.receive_currency}
        }
        return {
            "offer_id": quote.offer_id,
            "sku_id": quote.sku_id,
            "operator_id": quote.operator_id,
            "supplier_id": quote.supplier_id,
            "currency_id": by_code[quote.currency],
            "company_rate": float(currency.browse(by_code[quote.currency])._pg_rate(company)),
            "pricelist_id": quote.pricelist_id,
            "amount": float(quote.sell_price),
            "amount_tax": float(quote.tax),
            "cost": float(quote.cost),
            "fx_rate": float(quote.fx_rate),
            "send_value": float(quote.send_value),
            "send_currency_id": by_code[quote.send_currency],
            "receive_value": float(quote.receive_value),
            "receive_currency_id": by_code[quote.receive_currency],
            "pin_expires_at": now() + timedelta(seconds=const.PIN_LIFE),
        }

    def _prepare_moment(self, company):
        """Return what is fixed by the moment of the order, in the seller's own time."""
        zone = ZoneInfo(company.pg_tz or "UTC")
        identity = uuid.uuid4()
        return {
            "uuid": str(identity),
            "supplier_reference": identity.hex,
            "business_date": datetime.now(zone).date(),
        }

    def _find_customer(self, company, match, email):
        """Return the seller's customer with this e-mail, else the contact of the number that is
        topped up; a new one when unknown.

        Anybody may top up a number: an order without an e-mail address is never filed under a
        customer who has one, in whose room, mails and credit it would end.
        """
        Partner = self.env["res.partner"].sudo().with_context(**QUIET)
        field, value = ("email", email_normalize(email)) if email else ("phone", match.e164)
        own = (
            [("email_normalized", "=", value)]
            if email
            else [("phone_sanitized", "=", value), ("email", "=", False)]
        )
        partner = Partner.search([("company_id", "=", company.id), *own], order="id", limit=1)
        return partner or Partner.create(
            {"name": value, field: value, "company_id": company.id, "country_id": False}
        )
