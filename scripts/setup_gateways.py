"""The demo sellers' accounts at Stripe, PayPal and PGPay: in test mode, at the local sandbox.

Called by `setup_demo.py` inside Odoo. May run again: an account that works is kept.
"""


def set_up_gateways(env, sandbox, company):
    """Connect a seller with all three gateways."""
    for set_up in (set_up_stripe, set_up_paypal, set_up_pgpay):
        set_up(env, sandbox, company)


def set_up_stripe(env, sandbox, company):
    """Connect the seller's Stripe account, with a webhook of its own."""
    provider = find_provider(env, company, "stripe_checkout")
    provider.pg_api_base = sandbox.stripe_url
    if is_ready(provider):
        return
    account = sandbox.create_account("stripe", name=company.name)
    switch_on(provider, name="Card", pg_secret_key=account["secret_key"])
    provider.action_pg_create_webhook()


def set_up_paypal(env, sandbox, company):
    """Connect the seller's PayPal account; it charges US dollars for what PayPal does not know."""
    provider = find_provider(env, company, "paypal_orders")
    provider.pg_api_base = sandbox.paypal_url
    if is_ready(provider):
        return
    account = sandbox.create_account("paypal", name=company.name)
    switch_on(
        provider,
        pg_client_id=account["client_id"],
        pg_secret_key=account["client_secret"],
        settlement_currency_id=env.ref("base.USD").id,
    )
    provider.action_pg_create_webhook()


def set_up_pgpay(env, sandbox, company):
    """Connect the seller's PGPay account; it charges kina."""
    provider = find_provider(env, company, "pgpay")
    provider.pg_api_base = sandbox.pgpay_url
    if is_ready(provider):
        return
    account = sandbox.create_account("pgpay", name=company.name)
    kina = env.ref("base.PGK")
    switch_on(
        provider,
        pg_client_id=account["key_id"],
        pg_secret_key=account["secret"],
        pg_webhook_secret=account["webhook_secret"],
        settlement_currency_id=kina.id if company.currency_id != kina else False,
    )


def find_provider(env, company, code):
    """Return the seller's account at a gateway, or the empty one that a new seller gets."""
    company._pg_ensure_gateways()
    domain = [("code", "=", code), ("company_id", "=", company.id)]
    return env["payment.provider"].with_company(company).search(domain, limit=1)


def is_ready(provider):
    """Whether an account was connected before."""
    return provider.state == "test" and (provider.pg_webhook_secret or provider.pg_webhook_ref)


def switch_on(provider, **credentials):
    """Show a gateway to customers, in test mode."""
    provider.write({"state": "test", "is_published": True, **credentials})
