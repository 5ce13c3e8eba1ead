"""Account numbers: which country, which operators, and the UAT endings."""

from sandbox.dingconnect.errors import Problem

# last digit of a UAT number: outcome (None succeeds)
ENDINGS = {
    "0": None,
    "1": Problem("RateLimited"),
    "2": Problem("TransientProviderError", "ProviderTimedOut"),
    "3": Problem("TransientProviderError", "ProviderRefusedRequest"),
    "4": Problem("ProviderError", "ProductUnavailable"),
    "5": Problem("AccountNumberInvalid", "ProviderRefusedRequest"),
    "6": Problem("ProviderError", "ProviderTemporarilyUnavailable"),
    "7": Problem("InsufficientBalance"),
    "8": Problem("AccountNumberInvalid", "AccountNumberFailedRegex"),
    "9": Problem("ProviderError", "RechargeNotAllowed"),
}


def is_uat(product, number):
    """Say whether a number is the product's test number, whatever its last digit."""
    return number[:-1] == product.provider.uat[:-1] and number[-1:] in ENDINGS


def find_country(catalogue, digits):
    """Return the country record of a number in international form, or None."""
    found = [
        country
        for country in catalogue.raw["countries"]
        if digits.startswith(country["prefix"]) and country["min"] <= len(digits) <= country["max"]
    ]
    return max(found, key=lambda country: len(country["prefix"]), default=None)


def find_providers(catalogue, country, digits):
    """Return the providers of a country that serve the number, by its leading digits."""
    return [
        provider
        for provider in catalogue.providers.values()
        if provider.country == country["iso"]
        and any(digits.startswith(prefix) for prefix in provider.lookup)
    ]
