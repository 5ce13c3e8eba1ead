"""What a DingConnect product is, from its benefits and redemption (the FAQ's own rules)."""


def kind_of(benefits, redemption):
    """Return a key of ``pg_catalog.const.KINDS``.

    The names of benefits are an open list: they are compared without case and spaces.
    """
    names = {benefit.lower().replace(" ", "") for benefit in benefits}
    if redemption == "ReadReceipt":
        return _receipt_kind(names)
    if {"electricity", "utility"} & names and "tv" not in names:
        return "utility"
    if "tv" in names:
        return "dth"
    if "data" in names or "internet" in names:
        return "bundle" if "minutes" in names else "data"
    return "topup" if {"mobile", "minutes", "balance"} & names else "other"


def _receipt_kind(names):
    if "longdistance" in names:
        return "ldi"
    if {"mobile", "minutes", "data"} & names:
        return "pin"
    return "voucher"
