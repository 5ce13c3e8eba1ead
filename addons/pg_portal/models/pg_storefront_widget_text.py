from odoo import api, models


class PgStorefront(models.AbstractModel):
    """The widget's words: they come with its settings, so one script speaks every language."""

    _inherit = "pg.storefront"

    @api.model
    def _get_widget_texts(self):
        """Return {name: text}; ``%s`` is filled in by the widget."""
        return {
            **self._get_widget_step_texts(),
            "loading": self.env._("One moment …"),
            "offline": self.env._(
                "You are offline. This page goes on as soon as you are connected again."
            ),
            "unreachable": self.env._("The shop does not answer. Please try again."),
            "broken": self.env._("Something went wrong. Nothing was charged. Please try again."),
            "retry": self.env._("Try again"),
            "back": self.env._("Back"),
            "secure": self.env._("Secure payment"),
            "shop": self.env._("Open the shop in a new tab"),
            "preview": self.env._("This is a preview: paying is switched off."),
            "pay_again": self.env._("Pay now"),
            "waiting": self.env._(
                "Pay in the window that has opened. This page goes on by itself."
            ),
            "open_again": self.env._("Open the payment page again"),
            "page": self.env._("Details and receipt"),
            "new": self.env._("New top-up"),
            "pin": self.env._("Your code"),
            "copy": self.env._("Copy"),
            "copied": self.env._("Copied"),
        }

    def _get_widget_step_texts(self):
        return {
            "heading": self.env._("Top up a phone"),
            "step_number": self.env._("Number"),
            "step_offer": self.env._("Amount"),
            "step_pay": self.env._("Pay"),
            "step_of": self.env._("Step %s of 3"),
            "country": self.env._("Country"),
            "number": self.env._("Phone number"),
            "number_hint": self.env._("Any form will do, with or without the country code."),
            "continue": self.env._("Continue"),
            "change": self.env._("Change"),
            "operator": self.env._("Operator"),
            "offers": self.env._("What shall they get?"),
            "no_offers": self.env._("There is nothing to sell for this operator at the moment."),
            "all": self.env._("Show all %s"),
            "amount": self.env._("They receive (%s)"),
            "between": self.env._("Between %s"),
            "review": self.env._("Check and pay"),
            "receives": self.env._("They receive"),
            "promotion": self.env._("Promotion"),
            "price": self.env._("You pay"),
            "tax": self.env._("Tax included"),
            "email": self.env._("E-mail for the receipt (optional)"),
            "pay_by": self.env._("Pay by"),
            "no_way": self.env._("There is no way to pay at the moment. Please try again later."),
            "pay": self.env._("Pay %s"),
            "paying": self.env._("Opening the payment page …"),
            "yes_again": self.env._("Yes, send it again"),
            "no_again": self.env._("No, go back"),
            "check_number": self.env._("Airtime sent to a wrong number cannot be taken back."),
        }
