"""PayPal's webhook signature, with a certificate authority of the sandbox's own.

The authority is made at the first need and kept with the state. The certificate is served below
``/paypal/v1/notifications/certs/`` together with the one that issued it; whoever wants to check a
chain has to trust the root, which the control API gives out.
"""

import base64
import datetime
import secrets
import uuid
import weakref
import zlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ALGORITHM = "SHA256withRSA"
COMMON_NAME = "messageverificationcerts.sandbox.paypal.com"
PATH = "/paypal/v1/notifications/certs/"
YEAR = datetime.timedelta(days=365)
_made = weakref.WeakKeyDictionary()


def of(store):
    """Return the authority of a store, made when there is none yet."""
    if store not in _made:
        rows = store.all("paypal_certs", "")
        row = rows[0] if rows else _make()
        store.put("paypal_certs", "", "certs", row)
        _made[store] = Authority(row)
    return _made[store]


class Authority:
    """A root, an issuer and the certificate that signs events."""

    def __init__(self, row):
        self.name = row["name"]
        self.root = row["root"]
        self.chain = row["chain"]
        self.key = serialization.load_pem_private_key(row["key"].encode(), None)

    def headers(self, body, webhook_id, base, when):
        """Return the five headers that prove a body.

        :param base: address of this process
        :param when: transmission time as text
        """
        identity = str(uuid.uuid4())
        text = signed_text(identity, when, webhook_id, body)
        signature = self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return {
            "PAYPAL-TRANSMISSION-ID": identity,
            "PAYPAL-TRANSMISSION-TIME": when,
            "PAYPAL-TRANSMISSION-SIG": base64.b64encode(signature).decode(),
            "PAYPAL-CERT-URL": f"{base}{PATH}{self.name}",
            "PAYPAL-AUTH-ALGO": ALGORITHM,
        }

    def verifies(self, signature, text):
        """Say whether a signature (base64) was made by this authority over a text (bytes)."""
        try:
            raw = base64.b64decode(signature, validate=True)
            self.key.public_key().verify(raw, text, padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            return False
        return True


def signed_text(identity, when, webhook_id, body):
    """Return the bytes that PayPal signs for a body."""
    return f"{identity}|{when}|{webhook_id}|{zlib.crc32(body)}".encode()


def _make():
    root_key, issuer_key, key = (rsa.generate_private_key(65537, 2048) for _ in range(3))
    root_name = _name("Sandbox Root CA")
    issuer_name = _name("Sandbox Issuing CA")
    root = _certificate(root_name, root_key, root_name, root_key, is_authority=True)
    issuer = _certificate(issuer_name, issuer_key, root_name, root_key, is_authority=True)
    leaf = _certificate(_name(COMMON_NAME), key, issuer_name, issuer_key, is_authority=False)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "name": f"CERT-{secrets.token_hex(4)}-{secrets.token_hex(4)}",
        "root": _pem(root),
        "chain": _pem(leaf) + _pem(issuer),
        "key": secret.decode(),
    }


def _name(common):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _certificate(subject, key, issuer, issuer_key, is_authority):
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + YEAR)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(_usage(is_authority), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
    )
    if not is_authority:
        names = x509.SubjectAlternativeName([x509.DNSName(COMMON_NAME)])
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(names, False)
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), False)
    return builder.sign(issuer_key, hashes.SHA256())


def _usage(is_authority):
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=not is_authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
