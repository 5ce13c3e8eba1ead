import logging
from dataclasses import dataclass
from datetime import timedelta

from odoo import api, models
from odoo.addons.pg_base.tools.steps import run_step
from odoo.fields import Domain

from ..clock import now

_logger = logging.getLogger(__name__)

USUAL_DAYS = 7


@dataclass(frozen=True)
class Finding:
    """Something that a rule found: what about, what to say, and which records show it."""

    subject: str
    text: str
    model: str
    domain: list


class PgAlertRule(models.Model):
    """The checks: one ``_find_<kind>`` for each kind, a read that yields findings."""

    _inherit = "pg.alert.rule"

    # === CRON === #

    @api.model
    def _cron_check(self):
        """Check every rule, each in a step of its own: one that breaks stops no other."""
        for rule_id in self.search([], order="id").ids:  # pylint: disable=no-search-all
            try:
                run_step(self.env, _check, rule_id)
            except Exception as error:
                _logger.exception("alert rule %s could not be checked", rule_id)
                run_step(self.env, _note_problem, rule_id, type(error).__name__)

    # === BUSINESS === #

    def _check(self):
        """Open an alert for what is found new, refresh what is open, end what is over."""
        self.ensure_one()
        # With the rights of the engine, limited to the rule's own company by every check.
        findings = {finding.subject: finding for finding in getattr(self, f"_find_{self.kind}")()}
        alerts = self.env["pg.alert"].search([("rule_id", "=", self.id), ("state", "=", "open")])
        for alert in alerts:
            finding = findings.pop(alert.subject, None)
            if finding:
                alert._see_again(finding)
            else:
                alert._resolve()
        for finding in findings.values():
            self.env["pg.alert"]._open(self, finding)
        self.write({"checked_at": now(), "error": False})

    def _since(self):
        return now() - timedelta(minutes=self.minutes)

    def _own(self, *terms):
        return [("company_id", "=", self.company_id.id), *terms]

    def _recent(self, *terms):
        """Return a filter of top-ups paid within the window, by the index of the business day."""
        since = self._since()
        day = (since - timedelta(days=1)).date()
        return self._own(("business_date", ">=", day), ("paid_at", ">=", since), *terms)

    def _group(self, domain, by):
        return self.env["pg.topup"]._read_group(domain, [by], ["__count", "id:min"])

    def _order_of(self, topup_id):
        return self.env["pg.topup"].browse(topup_id).name

    # === CHECKS === #

    def _find_failed(self):
        since = self._since()
        ended = [("failed_at", ">=", since), ("state", "in", ("failed", "refunded"))]
        day = (since - timedelta(days=2)).date()
        domain = self._own(("business_date", ">=", day), *ended)
        for operator, count, _first in self._group(domain, "operator_id"):
            if count >= self.count:
                text = self.env._(
                    "%(count)s top-ups of %(operator)s failed within %(minutes)s minutes.",
                    count=count,
                    operator=operator.name,
                    minutes=self.minutes,
                )
                shown = [*domain, ("operator_id", "=", operator.id)]
                yield Finding(f"operator:{operator.id}", text, "pg.topup", shown)

    def _find_stuck(self):
        domain = self._own(
            ("state", "in", ("paid", "processing")),
            ("review_state", "!=", "held"),
            ("paid_at", "<", self._since()),
        )
        text = self.env._("%(count)s paid top-ups of %(who)s wait for too long. Oldest: %(order)s.")
        yield from self._find_waiting(domain, text)

    def _find_in_doubt(self):
        domain = self._own(("state", "=", "in_doubt"), ("in_doubt_at", "<", self._since()))
        text = self.env._("%(count)s top-ups of %(who)s stay in doubt. Oldest: %(order)s.")
        yield from self._find_waiting(domain, text)

    def _find_waiting(self, domain, text):
        for supplier, count, first in self._group(domain, "supplier_id"):
            said = text % {"count": count, "who": supplier.name, "order": self._order_of(first)}
            shown = [*domain, ("supplier_id", "=", supplier.id)]
            yield Finding(f"supplier:{supplier.id}", said, "pg.topup", shown)

    def _find_refund_stuck(self):
        late = Domain("refund_state", "in", ("due", "requested")) & Domain(
            "failed_at", "<", self._since()
        )
        wrong = Domain("refund_state", "=", "error")
        domain = Domain(self._own(("state", "=", "failed"))) & (late | wrong)
        [(count, first)] = self.env["pg.topup"]._read_group(domain, [], ["__count", "id:min"])
        if count:
            text = self.env._(
                "The money of %(count)s failed top-ups did not go back. Oldest: %(order)s.",
                count=count,
                order=self._order_of(first),
            )
            yield Finding("refunds", text, "pg.topup", list(domain))

    def _find_supplier_down(self):
        used = self.env["product.template"].search(
            self._own(("pg_sku_id", "!=", False), ("active", "=", True))
        )
        circuits = self.env["pg.circuit"].search(
            [
                ("state", "!=", "closed"),
                ("supplier_id", "in", used.pg_sku_id.supplier_id.ids),
                ("operator_id", "in", [False, *used.pg_sku_id.operator_id.ids]),
            ]
        )
        for circuit in circuits:
            text = self.env._(
                "Sends to %(who)s are paused: %(why)s",
                who=circuit.display_name,
                why=circuit.reason or self.env._("calls fail."),
            )
            yield Finding(f"circuit:{circuit.id}", text, "pg.circuit", [("id", "=", circuit.id)])

    def _find_gateway_errors(self):
        domain = self._own(
            ("pg_topup_id", "!=", False),
            ("state", "=", "error"),
            ("last_state_change", ">=", self._since()),
        )
        groups = self.env["payment.transaction"]._read_group(domain, ["provider_id"], ["__count"])
        for provider, count in groups:
            if count >= self.count:
                text = self.env._(
                    "%(count)s payments or refunds failed at %(gateway)s within %(minutes)s "
                    "minutes.",
                    count=count,
                    gateway=provider.name,
                    minutes=self.minutes,
                )
                shown = [*domain, ("provider_id", "=", provider.id)]
                yield Finding(f"gateway:{provider.id}", text, "payment.transaction", shown)

    def _find_low_float(self):
        suppliers = self.env["pg.supplier"].search(
            self._own(("balance_at", "!=", False), ("balance", "<", self.amount))
        )
        for supplier in suppliers:
            text = self.env._(
                "The balance at %(who)s is %(balance)s: refill it before sales stop.",
                who=supplier.name,
                balance=f"{supplier.balance:.2f} {supplier.currency_id.name or ''}".strip(),
            )
            shown = [("id", "=", supplier.id)]
            yield Finding(f"supplier:{supplier.id}", text, "pg.supplier", shown)

    def _find_volume(self):
        domain = self._recent()
        count = self.env["pg.topup"].search_count(domain)
        # What is usual is counted only when there is much to compare.
        if count < self.count:
            return
        usual = self._get_usual()
        if usual and count * 100 < usual * self.percent:
            return
        text = self.env._(
            "%(count)s sales within %(minutes)s minutes; %(usual)s are usual.",
            count=count,
            minutes=self.minutes,
            usual=round(usual, 1),
        )
        yield Finding("volume", text, "pg.topup", domain)

    def _get_usual(self):
        """Return how many sales as many minutes brought on average in the seven days before."""
        today = now().date()
        count = self.env["pg.topup"].search_count(
            self._own(
                ("business_date", ">=", today - timedelta(days=USUAL_DAYS)),
                ("business_date", "<", today),
                ("paid_at", "!=", False),
            )
        )
        return count * self.minutes / (USUAL_DAYS * 24 * 60)

    def _find_failure_rate(self):
        domain = self._recent(("state", "in", ("completed", "failed", "refunded")))
        groups = dict(self.env["pg.topup"]._read_group(domain, ["state"], ["__count"]))
        ended = sum(groups.values())
        failed = ended - groups.get("completed", 0)
        if ended >= self.count and failed * 100 >= ended * self.percent:
            text = self.env._(
                "%(failed)s of %(ended)s sales within %(minutes)s minutes failed.",
                failed=failed,
                ended=ended,
                minutes=self.minutes,
            )
            yield Finding("failure_rate", text, "pg.topup", domain)

    def _find_many_numbers(self):
        """Find customers, and cards or accounts, that buy for many numbers."""
        for partner, count, shown in self._group_numbers("partner_id"):
            who = partner.name or partner.email
            yield self._say_many_numbers(f"customer:{partner.id}", who, count, shown)
        for key, count, shown in self._group_numbers("payer_key"):
            who = self.env._("One card or account")
            yield self._say_many_numbers(f"card:{key}", who, count, shown)

    def _group_numbers(self, by):
        """Yield (whose, count of numbers, filter) of what has the count of the rule at least."""
        domain = self._recent((by, "!=", False))
        groups = self.env["pg.topup"]._read_group(
            domain,
            [by],
            ["number:count_distinct", "id:array_agg"],
            having=[("number:count_distinct", ">=", self.count)],
            limit=50,
        )
        # By their ids: the card is a field of managers, the alert is shown to others as well.
        for whose, count, ids in groups:
            yield whose, count, [("id", "in", ids)]

    def _say_many_numbers(self, subject, who, count, shown):
        text = self.env._(
            "%(who)s bought for %(count)s different numbers within %(minutes)s minutes.",
            who=who,
            count=count,
            minutes=self.minutes,
        )
        return Finding(subject, text, "pg.topup", shown)


def _check(env, rule_id):
    rule = env["pg.alert.rule"].browse(rule_id).exists()
    if rule and rule.active:
        rule.with_company(rule.company_id)._check()


def _note_problem(env, rule_id, problem):
    rule = env["pg.alert.rule"].browse(rule_id).exists()
    rule.write({"checked_at": now(), "error": problem})
