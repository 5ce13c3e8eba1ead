"""PGPay: signed requests, mobile-money channels, a handset to click on, signed webhooks."""
