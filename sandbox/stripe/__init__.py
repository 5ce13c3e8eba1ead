"""Stripe: Checkout, refunds and webhooks, one isolated account per secret key."""
