"""PayPal: Orders v2, captures, refunds, disputes, signed webhooks."""
