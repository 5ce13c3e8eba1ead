"""Local stand-ins for the outside services: DingConnect and Stripe, with their traps."""
