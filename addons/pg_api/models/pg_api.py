from odoo import api, models
from odoo.addons.pg_base.tools.money import D
from odoo.addons.pg_topup.exceptions import OrderConflict, RepeatedOrder

from .. import const
from ..exceptions import ApiError

ROLES = ("admin", "manager", "operator", "viewer")
TIMES = ("paid_at", "completed_at", "failed_at", "refunded_at", "cancelled_at")


class PgApi(models.AbstractModel):
    """What the API answers, as plain values made from the rooms below; no rule stands here.

    All reads are done as the key's user, in the one company of that user.
    """

    _name = "pg.api"
    _description = "API of the seller"

    # === ACCESS === #

    @api.model
    def _for_user(self, role):
        """Return the model as the key's user in the user's company.

        :param str role: the group of `pg_base` that is needed, without its prefix.
        :raise ApiError: 403
        """
        user, company = self.env.user, self.env.user.company_id
        if not user.has_group(f"pg_base.group_{role}"):
            raise ApiError(403)
        if not company.pg_is_seller:
            raise ApiError(403, "The organisation of this API key sells nothing.")
        return self.with_context(allowed_company_ids=company.ids)

    def _may(self, role):
        return self.env.user.has_group(f"pg_base.group_{role}")

    # === CATALOGUE === #

    @api.model
    def _get_ping(self):
        """Return who asks: the quickest proof that a key works."""
        return {
            "status": "ok",
            "seller": {"slug": self.env.company.pg_slug, "name": self.env.company.name},
            "role": next(role for role in ROLES if self._may(role)),
        }

    @api.model
    def _get_operators(self, number):
        """Return the operators that may serve a number, the likeliest first.

        :raise UserError: it is no phone number.
        """
        match = self.env["pg.operator"]._match_number(self.env.company, number)
        return {
            "number": match.e164,
            "country": match.country_code,
            "items": [self._dump_operator(operator) for operator in match.operators],
        }

    @api.model
    def _get_offers(self, *, number=None, operator_id=None):
        """Return what can be sold now, to a number or through an operator.

        :raise ApiError: 404, no such operator.
        """
        Operator = self.env["pg.operator"]
        if number is not None:
            operators = Operator._match_number(self.env.company, number).operators
        else:
            operators = Operator.search([("id", "=", operator_id)])
            if not operators:
                raise ApiError(404, "There is no such operator.")
        offers = self.env["product.template"]._pg_offers(self.env.company, operators)
        return {"items": [self._dump_offer(offer) for offer in offers if not offer.pg_problem]}

    # === TOP-UPS === #

    @api.model
    def _place_topup(self, key, order, *, ip=None, user_agent=None):
        """Take an order, or find the one that was taken with the same key.

        :param str key: the client's, see ``tools/parse.py``.
        :param TopupOrder order: what is ordered.
        :return: the values of the top-up, and whether it is new.
        :raise ApiError: 409, the key belongs to another order, or the same was bought a moment ago.
        :raise UserError: with a sentence; nothing is stored then.
        """
        company, client_key = self.env.company, const.KEY_PREFIX + key
        Topup = self.env["pg.topup"]
        known = Topup.search([("company_id", "=", company.id), ("client_key", "=", client_key)])
        try:
            # In sudo mode: only the engine creates top-ups; the offer is read as the key's user.
            topup_sudo = Topup.sudo()._place(
                company=company,
                offer=self._find_offer(order.offer_id).sudo(),
                number=order.number,
                send_value=order.send_value,
                client_key=client_key,
                channel="api",
                email=order.email,
                lang=self.env.lang,
                ip=ip,
                user_agent=user_agent,
                confirmed=order.confirmed,
            )
        except OrderConflict as error:
            raise ApiError(409, str(error.args[0]), code="idempotency_conflict") from None
        except RepeatedOrder as error:
            raise ApiError(409, str(error.args[0]), code="repeated_order") from None
        return self._dump_topup(Topup.browse(topup_sudo.id)), not known

    def _find_offer(self, offer_id):
        Offer = self.env["product.template"].with_context(active_test=False)
        offer = Offer.search([("id", "=", offer_id)])
        if not offer.pg_is_offer:
            raise ApiError(422, "There is no such offer.")
        return offer

    @api.model
    def _get_topup(self, name):
        """Return one top-up by its order number.

        :raise ApiError: 404
        """
        return self._dump_topup(self._find_topup(name))

    def _find_topup(self, name, status=404):
        topup = self.env["pg.topup"].search([("name", "=", name)])
        if not topup:
            raise ApiError(status, "There is no such top-up.")
        return topup

    @api.model
    def _get_topups(self, limit=const.PAGE_DEFAULT, cursor=None):
        """Return a page of top-ups, the newest first, and where the next one begins.

        :param str cursor: the ``next_cursor`` of the page before.
        :raise ApiError: 422, not a cursor.
        """
        domain = [("id", "<", self._find_topup(cursor, 422).id)] if cursor else []
        found = self.env["pg.topup"].search(domain, order="id desc", limit=limit + 1)
        page = found[:limit]
        return {
            "items": [self._dump_topup(topup) for topup in page],
            "next_cursor": page[-1:].name if len(found) > limit else None,
        }

    # === AS PLAIN VALUES === #

    def _dump_topup(self, topup):
        """Return a top-up. The address of the customer's page only for who may place orders."""
        values = {
            "order": topup.name,
            "state": topup.state,
            "refund": topup.refund_state,
            "failure": topup.failure or None,
            "number": topup.number,
            "operator": self._dump_operator(topup.operator_id),
            "offer_id": topup.offer_id.id,
            "price": self._dump_money(topup.amount, topup.currency_id),
            "tax": self._dump_money(topup.amount_tax, topup.currency_id),
            "send": self._dump_money(topup.send_value, topup.send_currency_id),
            "receive": self._dump_money(topup.receive_value, topup.receive_currency_id),
            "transfer_ref": topup.transfer_ref or None,
            "channel": topup.channel,
            "business_date": topup.business_date.isoformat(),
            "created_at": self._dump_time(topup.create_date),
            **{name: self._dump_time(topup[name]) for name in TIMES},
        }
        if self._may("operator"):
            values["status_url"] = topup.get_base_url() + topup._get_status_url()
        return values

    def _dump_operator(self, operator):
        return {
            "id": operator.id,
            "name": operator.name,
            "country": operator.country_id.code or None,
        }

    def _dump_offer(self, offer):
        sku = offer.pg_sku_id
        return {
            "id": offer.id,
            "name": offer.name,
            "operator": self._dump_operator(offer.pg_operator_id),
            "kind": sku.kind,
            "is_range": sku.is_range,
            "price": self._dump_money(offer.list_price, offer.company_id.currency_id),
            "send_min": self._dump_money(sku.send_min, sku.send_currency_id),
            "send_max": self._dump_money(sku.send_max, sku.send_currency_id),
            "receive_min": self._dump_money(sku.receive_net_min, sku.receive_currency_id),
            "receive_max": self._dump_money(sku.receive_net_max, sku.receive_currency_id),
        }

    def _dump_money(self, value, currency):
        """Return an amount as text: programs that read it as a float do so at their own risk."""
        text = f"{D(value):.{currency.decimal_places}f}"
        return {"amount": text, "currency": currency.name}

    def _dump_time(self, moment):
        return moment.isoformat(timespec="seconds") + "Z" if moment else None
