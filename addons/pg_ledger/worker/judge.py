"""Says what is wrong with a document that is not what PostgreSQL would write."""

import bson
from bson.codec_options import CodecOptions, DatetimeConversion

from ..tools.canonical import entry_hash
from ..tools.document import document_id, from_document

# An intruder's document must not be able to stop the verification.
_LENIENT = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace"
)


class Judge:
    """Names findings for one :class:`.verify.Verification`.

    ``changed``: its hash is not that of its content, or not the one of PostgreSQL. ``forged``: made
    by somebody who knows the form, its hash fits. ``reordered``: it holds the entry of another
    position. ``extra``: it stands where the chain has no position.
    """

    def __init__(self, verification):
        self.verification = verification

    def check_document(self, link, expected, data):
        """Report the document that stands at the position of a link, and differs.

        :param bytes expected: what should stand there, None when PostgreSQL cannot tell
        :param bytes data: what stands there
        """
        if data == expected:
            return
        seq, document = link[0], bson.decode(data, _LENIENT)
        names = _find_differences(document, expected)
        kind, detail = "changed", f"Differs in {', '.join(names) or 'the order of its fields'}"
        fits, reason = _check_hash(document)
        if names and fits and document["hash"] == link[2] and seq in self.verification.unsound:
            return  # the document is what was posted, the entry in PostgreSQL is not
        if place := self._find_place(document, seq):
            kind, detail = "reordered", f"{detail}; holds the entry of position {place}"
        elif fits:
            kind = "forged"
            reason = "its hash is that of its content, but not of what was posted"
        self.verification.report(kind, seq, f"{detail}; {reason}.", document)

    def check_other(self, data):
        """Report a document that claims a position that is not its own.

        One whose ``_id`` names a position of this pass is reported there.
        """
        document = bson.decode(data, _LENIENT)
        own = self._parse_own_position(document["_id"])
        run = self.verification
        if own and run.after < own <= run.head_seq:
            return
        fits, reason = _check_hash(document)
        kind = "forged" if fits else "extra"
        number = read_position(data) or 0
        place = number if 0 < number < 2**31 else 0
        run.report(
            kind, place, f"{document['_id']} is not known to PostgreSQL; {reason}.", document
        )

    def _parse_own_position(self, name):
        """Return the position that an ``_id`` names in this company's chain, or None."""
        company, _colon, digits = str(name).partition(":")
        if company != str(self.verification.company_id) or not digits.isdecimal():
            return None
        seq = int(digits)
        return seq if document_id(company, seq) == name else None

    def _find_place(self, document, seq):
        """Return the other position whose entry the document holds, or None."""
        run = self.verification
        with run.open() as env:
            env.cr.execute(
                """SELECT link.seq FROM pg_ledger_entry entry
                     JOIN pg_ledger_chain link ON link.entry_id = entry.id
                    WHERE entry.uuid = %s AND link.company_id = %s AND link.seq <> %s""",
                [str(document.get("entry_uuid")).replace("\0", ""), run.company_id, seq],
            )
            row = env.cr.fetchone()
        return row and row[0]


def read_position(data):
    """Return the position that a document claims, None when it is no position."""
    number = bson.decode(data, _LENIENT).get("seq")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _find_differences(document, expected):
    """Return the names of the fields that differ in value or type."""
    if expected is None:
        return ["what PostgreSQL cannot tell"]
    known = bson.decode(expected, _LENIENT)
    names = document.keys() | known.keys()
    return sorted(
        name
        for name in names
        if name not in document
        or name not in known
        or bson.encode({"": document[name]}) != bson.encode({"": known[name]})
    )


def _check_hash(document):
    """Tell whether the hash of a document is that of its content, and say it."""
    try:
        found = from_document(document)
        if entry_hash(found, document["seq"], document["prev"]) == document["hash"]:
            return True, "its hash is that of its content"
    except (ValueError, KeyError, TypeError) as error:
        return False, f"not readable ({error})"
    return False, "its hash is not that of its content"
