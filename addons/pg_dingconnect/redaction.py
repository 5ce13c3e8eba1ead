"""What of a request and an answer may be kept: an allowlist of names, numbers masked.

Receipts, PINs, settings (meter numbers and the like) and whatever a later version adds are not
on the list.
"""

import json

from odoo.addons.pg_base.tools.redact import mask_number, mask_numbers

SHOWN_ITEMS = 3
SHOWN_LENGTH = 120
LARGEST = 4000
DEPTH = 6

NUMBERS = {"AccountNumber", "AccountNumberNormalized", "accountNumber"}
REFERENCES = {"TransferRef", "DistributorRef", "BatchItemRef", "SkuCode", "skuCodes"}
MOMENTS = {"StartedUtc", "CompletedUtc", "StartUtc", "EndUtc"}
ALLOWED = (
    NUMBERS
    | REFERENCES
    | MOMENTS
    | {
        # the envelope
        *("ResultCode", "ErrorCodes", "Code", "Context", "Items", "ThereAreMoreItems"),
        # transfers
        *("TransferRecord", "TransferId", "ProcessingState", "CommissionApplied", "Price"),
        *("SendValue", "SendCurrencyIso", "ReceiveValue", "ReceiveCurrencyIso"),
        *("ReceiveValueExcludingTax", "CustomerFee", "DistributorFee", "TaxRate"),
        *("ValidateOnly", "Settings", "Name", "Take", "Skip"),
        # reference data
        *("ProviderCode", "CountryIso", "RegionCode", "LocalizationKey", "LanguageCode"),
        *("IsProcessingTransfers", "Balance", "CurrencyIso", "Minimum", "Maximum"),
        *("ValidationRegex", "RedemptionMechanism", "ProcessingMode", "CommissionRate"),
        # filters
        *("countryIsos", "providerCodes", "regionCodes", "languageCodes", "benefits"),
    }
)


def shown(value, name="", depth=0):
    """Return the part of a decoded body that may be kept."""
    if depth > DEPTH:
        return "…"
    if isinstance(value, dict):
        return {k: shown(v, k, depth + 1) for k, v in value.items() if k in ALLOWED}
    if isinstance(value, list | tuple):
        kept = [shown(item, name, depth + 1) for item in value[:SHOWN_ITEMS]]
        more = len(value) - len(kept)
        return [*kept, f"… {more} more"] if more else kept
    if name in NUMBERS:
        return mask_number(str(value).lstrip("+"))
    if isinstance(value, str):
        text = value if name in REFERENCES | MOMENTS else mask_numbers(value)
        return text[:SHOWN_LENGTH]
    return value


def as_text(value):
    """Return the part of a body that may be kept as JSON text; '' for nothing."""
    if not value:
        return ""
    return json.dumps(shown(value), default=str, ensure_ascii=False)[:LARGEST]


def describe_unreadable(answer):
    """Return what can be said of an answer that is not a JSON object."""
    media = next((v for k, v in answer.headers.items() if k.lower() == "content-type"), "")
    return f"Not a JSON object: {len(answer.body)} bytes, {media[:60] or 'no content type'}"
