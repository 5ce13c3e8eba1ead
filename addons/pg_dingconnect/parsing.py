"""DingConnect's JSON → our frozen data. Pure: no network, no Odoo.

Properties without a value may be absent, null or empty; unknown ones are ignored. What lacks
something that is needed raises :class:`Unreadable`.
"""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from odoo.addons.pg_catalog import ports

from . import const
from .kinds import kind_of

ZERO = Decimal(0)


class Unreadable(ValueError):
    """A needed property is missing or of the wrong type; the message names it."""


# === PROPERTIES === #


def text(data, name, default=""):
    """Return a property as text, the default when it is absent, null or empty."""
    value = data.get(name)
    if value is None or value == "" or isinstance(value, (dict, list)):
        return default
    return str(value)


def need_text(data, name):
    """Return a property that must have a value."""
    value = text(data, name)
    if not value:
        raise Unreadable(f"{name} is missing")
    return value


def number(data, name, default=None):
    """Return a property as Decimal, the default when it is absent.

    :raise Unreadable: not a finite number, or absent without a default.
    """
    value = data.get(name)
    if value is None or value == "":
        if default is None:
            raise Unreadable(f"{name} is missing")
        return default
    try:
        result = Decimal(str(value))
    except InvalidOperation:
        raise Unreadable(f"{name} is not a number") from None
    if isinstance(value, bool) or not result.is_finite():
        raise Unreadable(f"{name} is not a number")
    return result


def flag(data, name, default=False):
    """Return a property that must be true or false."""
    value = data.get(name)
    return value if isinstance(value, bool) else default


def items(data, name):
    """Return the objects of a list property; none when it is absent."""
    value = data.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strings(data, name):
    """Return the texts of a list property."""
    value = data.get(name)
    return tuple(str(item) for item in value if item) if isinstance(value, list) else ()


def section(data, name):
    """Return an object property, {} when it is absent."""
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def moment(data, name):
    """Return a date as naive UTC, None when it is absent or cannot be read."""
    try:
        value = datetime.fromisoformat(text(data, name))
    except ValueError:
        return None
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


# === OBJECTS === #


def error_codes(data):
    """Return the (code, context) pairs of an answer or of an item of one."""
    pairs = [(text(item, "Code"), text(item, "Context")) for item in items(data, "ErrorCodes")]
    return [pair for pair in pairs if pair[0]]


def result_code(data):
    """Return the ResultCode as an int, None when it is absent or no number."""
    value = data.get("ResultCode")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def transfer_record(data, codes=()):
    """Return a TransferRecord.

    A TransferRef of 0 or none never counts as delivered: such a record is open.

    :raise Unreadable: without a SKU or number it is no record.
    """
    ids, price = section(data, "TransferId"), section(data, "Price")
    ref = text(ids, "TransferRef")
    state = const.STATES.get(text(data, "ProcessingState").lower(), ports.OPEN)
    if state == ports.COMPLETED and ref in ("", const.NO_TRANSFER_REF):
        state = ports.OPEN
    code, context = codes[0] if codes else ("", "")
    return ports.TransferRecord(
        reference=text(ids, "DistributorRef"),
        transfer_ref="" if ref == const.NO_TRANSFER_REF else ref,
        state=state,
        sku_code=need_text(data, "SkuCode"),
        account_number=need_text(data, "AccountNumber"),
        send_value=_optional_number(price, "SendValue"),
        send_currency=text(price, "SendCurrencyIso"),
        receive_value=_optional_number(price, "ReceiveValue"),
        receive_currency=text(price, "ReceiveCurrencyIso"),
        receipt_text=text(data, "ReceiptText"),
        receipt_params=_pairs(section(data, "ReceiptParams")),
        started_at=moment(data, "StartedUtc"),
        completed_at=moment(data, "CompletedUtc"),
        code=code,
        context=context,
    )


def operator(data):
    """Return a CatalogueOperator from a Provider."""
    return ports.CatalogueOperator(
        code=need_text(data, "ProviderCode"),
        name=need_text(data, "Name"),
        country_code=need_text(data, "CountryIso"),
        pattern=text(data, "ValidationRegex"),
        short_name=text(data, "ShortName"),
        logo_url=text(data, "LogoUrl"),
        care_number=text(data, "CustomerCareNumber"),
        region_codes=strings(data, "RegionCodes"),
        payment_types=strings(data, "PaymentTypes"),
    )


def sku(data):
    """Return a CatalogueSku from a Product."""
    low, high = section(data, "Minimum"), section(data, "Maximum")
    benefits, redemption = strings(data, "Benefits"), text(data, "RedemptionMechanism")
    if need_text(low, "SendCurrencyIso") != need_text(high, "SendCurrencyIso"):
        raise Unreadable("Minimum and Maximum have different currencies")
    return ports.CatalogueSku(
        code=need_text(data, "SkuCode"),
        operator_code=need_text(data, "ProviderCode"),
        name=text(data, "DefaultDisplayText") or need_text(data, "SkuCode"),
        kind=kind_of(benefits, redemption),
        send_min=number(low, "SendValue"),
        send_max=number(high, "SendValue"),
        send_currency=need_text(low, "SendCurrencyIso"),
        receive_min=number(low, "ReceiveValue"),
        receive_max=number(high, "ReceiveValue"),
        receive_currency=need_text(low, "ReceiveCurrencyIso"),
        receive_net_min=_optional_number(low, "ReceiveValueExcludingTax"),
        receive_net_max=_optional_number(high, "ReceiveValueExcludingTax"),
        text_key=text(data, "LocalizationKey"),
        distributor_fee=max(number(p, "DistributorFee", ZERO) for p in (low, high)),
        customer_fee=max(number(p, "CustomerFee", ZERO) for p in (low, high)),
        commission_rate=number(data, "CommissionRate", ZERO),
        tax_rate=number(low, "TaxRate", ZERO),
        tax_name=text(low, "TaxName"),
        is_instant=text(data, "ProcessingMode", "Instant") == "Instant",
        redemption=const.REDEMPTIONS.get(redemption, "information"),
        benefits=benefits,
        validity_iso=text(data, "ValidityPeriodIso"),
        region_code=text(data, "RegionCode"),
        payment_types=strings(data, "PaymentTypes"),
        uat_number=text(data, "UatNumber"),
        additional_information=text(data, "AdditionalInformation"),
        settings=tuple(
            (need_text(item, "Name"), text(item, "Description"), flag(item, "IsMandatory"))
            for item in items(data, "SettingDefinitions")
        ),
        bill_required=flag(data, "LookupBillsRequired"),
    )


def catalogue_text(data):
    """Return a CatalogueText from a localized product description."""
    return ports.CatalogueText(
        text_key=need_text(data, "LocalizationKey"),
        language=need_text(data, "LanguageCode"),
        name=text(data, "DisplayText"),
        description=text(data, "DescriptionMarkdown"),
        read_more=text(data, "ReadMoreMarkdown"),
    )


def estimate(data, sku_code):
    """Return a PriceEstimate from an item of EstimatePrices."""
    price = section(data, "Price")
    return ports.PriceEstimate(
        sku_code=text(data, "SkuCode", sku_code),
        send_value=number(price, "SendValue"),
        send_currency=need_text(price, "SendCurrencyIso"),
        receive_value=number(price, "ReceiveValue"),
        receive_currency=need_text(price, "ReceiveCurrencyIso"),
        receive_net=_optional_number(price, "ReceiveValueExcludingTax"),
        distributor_fee=number(price, "DistributorFee", ZERO),
    )


def bill(data):
    """Return a Bill; what else it tells is kept as pairs."""
    price = section(data, "Price")
    return ports.Bill(
        reference=need_text(data, "BillRef"),
        send_value=number(price, "SendValue"),
        send_currency=need_text(price, "SendCurrencyIso"),
        receive_value=_optional_number(price, "ReceiveValue"),
        receive_currency=text(price, "ReceiveCurrencyIso"),
        details=_pairs(section(data, "AdditionalInfo")),
    )


def number_lookup(data, asked):
    """Return a NumberLookup from an account look-up."""
    codes = dict.fromkeys(text(item, "ProviderCode") for item in items(data, "Items"))
    return ports.NumberLookup(
        number=text(data, "AccountNumberNormalized", asked),
        country_code=text(data, "CountryIso"),
        operator_codes=tuple(code for code in codes if code),
        is_exact=result_code(data) == const.RESULT_EXACT,
    )


def operator_status(data):
    """Return an OperatorStatus; without a clear word the operator counts as down."""
    return ports.OperatorStatus(
        code=need_text(data, "ProviderCode"),
        is_processing=flag(data, "IsProcessingTransfers"),
        message=text(data, "Message"),
    )


def balance(data):
    """Return a Balance."""
    return ports.Balance(amount=number(data, "Balance"), currency=need_text(data, "CurrencyIso"))


def _optional_number(data, name):
    try:
        return number(data, name)
    except Unreadable:
        return None


def _pairs(mapping):
    return tuple((str(key), str(value)) for key, value in mapping.items() if value is not None)
