"""A text message service: Odoo's own (IAP) and Twilio's, as Odoo speaks to them."""
