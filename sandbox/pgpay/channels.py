"""The channels of a merchant, their limits and how the payer is asked."""

# code: (name, flow, how the payer is asked, refunds, prefix of receipts)
CHANNELS = {
    "cellmoni": ("CellMoni", "push", "approve_on_handset", "partial", "CM"),
    "bsp_pay": ("BSP Pay", "redirect", "redirect", "full_only", "BP"),
    "bsp_wantok": ("BSP Wantok Wallet", "push", "dial_ussd", "partial", "BW"),
    "kina_bank": ("Kina Bank", "push", "dial_ussd", "partial", "KB"),
    "micash": ("MiCash", "push", "approve_on_handset", "partial", "MC"),
    "mpaisa": ("M-PAiSA", "push", "approve_on_handset", "none", "MP"),
    "card": ("Card", "redirect", "redirect", "partial", "CD"),
}
USSD = {"bsp_wantok": "*131#", "kina_bank": "*525#"}
CURRENCY = "PGK"


def name(code):
    """Return what a payer calls a channel."""
    return CHANNELS[code][0] if code else "PGPay"


def limits(account, code):
    """Return (least, most) minor units of one payment."""
    own = account.settings["limits"].get(code) or [100, 500000]
    return int(own[0]), int(own[1])


def is_enabled(account, code):
    """Say whether a merchant may use a channel."""
    return code not in account.settings["disabled_channels"]


def describe(account):
    """Return the channels as the API lists them."""
    rows = []
    for code, (_name, flow, _action, refunds, _prefix) in CHANNELS.items():
        least, most = limits(account, code)
        row = {"code": code, "flow": flow, "enabled": is_enabled(account, code)}
        row.update(currency=CURRENCY, min_amount=least, max_amount=most, refunds=refunds)
        rows.append(row)
    return {"data": rows}


def next_action(payment):
    """Return what the payer has to do, for a payment that waits."""
    code = payment["channel"]
    action = CHANNELS[code][2] if code else "redirect"
    amount = f"K{payment['amount'] // 100}.{payment['amount'] % 100:02}"
    if action == "redirect":
        return {"type": action, "url": payment["checkout_url"]}
    if action == "dial_ussd":
        text = f"Dial {USSD[code]} and choose Approve payment to pay {amount}"
        return {"type": action, "ussd": USSD[code], "message": text}
    return {
        "type": action,
        "message": f"Enter your {name(code)} PIN on your phone to approve {amount}",
    }
