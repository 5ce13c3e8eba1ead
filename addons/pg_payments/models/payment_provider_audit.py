from odoo import models
from odoo.addons.pg_base.fields import MASK, Secret

from .payment_provider import ADMIN_FIELDS

#: Changes of these are told without the value: it is a credential, or too long for a line.
VALUE_UNTOLD = "pg_api_base pg_webhook_ref pre_msg pending_msg done_msg cancel_msg auth_msg".split()
AUDITED = (ADMIN_FIELDS | {"code", "company_id", "module_id"}) - {"pg_is_on"}


class PaymentProvider(models.Model):
    """Each change of a gateway's settings leaves a line, without the value of a credential."""

    _inherit = "payment.provider"

    def write(self, vals):
        """Override of `payment` to tell the audit log what was changed."""
        # In sudo mode to read the fields; whether the user may change them is checked below.
        ours = self.sudo().filtered("pg_is_ours")
        names = [name for name in vals if name in AUDITED and name in self._fields]
        before = {provider: provider._pg_get_audit_values(names) for provider in ours}
        result = super().write(vals)
        for provider, values in before.items():
            changes = provider._pg_describe_changes(vals, values)
            if changes and not self.env.context.get("install_mode"):
                Log = self.env["pg.audit.log"]
                Log._log("payment_settings.changed", provider, "\n".join(changes))
        return result

    def _pg_get_audit_values(self, names):
        """Return what is compared: the masked or readable value of each field."""
        self.ensure_one()
        return {name: self._pg_get_audit_value(name) for name in names}

    def _pg_get_audit_value(self, name):
        field = self._fields[name]
        if isinstance(field, Secret):
            return bool(self[name])
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(self[name], "-")
        if field.type == "boolean":
            return "yes" if self[name] else "no"
        if field.relational:
            records = self.with_context(active_test=False)[name]
            return ", ".join(records.sorted("id").mapped("display_name")) or "-"
        return str(self[name] or "-")

    def _pg_describe_changes(self, vals, before):
        """Return one sentence for each field that is not what it was."""
        changes = []
        for name, old in before.items():
            label = self._fields[name]._description_string(self.env)
            new = self._pg_get_audit_value(name)
            if isinstance(self._fields[name], Secret):
                if vals[name] != MASK and (old or new):
                    changes.append(f"{label}: {'changed' if new else 'removed'}")
            elif old != new:
                is_untold = name in VALUE_UNTOLD
                changes.append(f"{label}: " + ("changed" if is_untold else f"{old} → {new}"))
        return changes
