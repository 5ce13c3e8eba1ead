from odoo.addons.pg_base.outcomes import NotSent, Rejected, Throttled, Unknown
from odoo.addons.pg_dingconnect import const
from odoo.addons.pg_dingconnect.decisions import decide, decide_transfer, outcome_of
from odoo.tests import TransactionCase, tagged

from .common import DingCase

EXPECTED = {
    const.REJECTED: (Rejected, False),
    const.LATER: (Rejected, True),
    const.NOT_SENT: (NotSent, None),
    const.THROTTLED: (Throttled, None),
    const.UNKNOWN: (Unknown, None),
}


def body(result, *codes, **extra):
    errors = [{"Code": code, "Context": context} for code, context in codes]
    return {"ResultCode": result, "ErrorCodes": errors, **extra}


@tagged("post_install", "-at_install", "pg")
class TestOutcomeTable(DingCase):
    def test_the_whole_table_over_http(self):
        """Each row of the table, answered by the sandbox, ends in its class; nothing is sent."""
        for (code, context), outcome in const.OUTCOMES.items():
            with self.subTest(code=code, context=context):
                self.fault("refuse", code=code, context=context or "")
                expected, temporary = EXPECTED[outcome]
                with self.assertRaises(expected) as caught:
                    self.port.transfer(self.request())
                self.assertIs(type(caught.exception), expected)
                self.assertEqual(caught.exception.code, code)
                self.assertEqual(caught.exception.context, context or "")
                self.assertTrue(caught.exception.reference)
                if temporary is not None:
                    self.assertIs(caught.exception.temporary, temporary)
        self.assertEqual(self.executed(), [])
        self.assertEqual(len(self.calls("SendTransfer")), len(const.OUTCOMES))


@tagged("post_install", "-at_install", "pg")
class TestDecide(TransactionCase):
    """The decision alone, on decoded bodies."""

    def test_new_words_are_unknown(self):
        for codes in ([("BrandNewCode", "")], [("ProviderError", "BrandNewContext")]):
            self.assertIs(type(outcome_of(codes)), Unknown)

    def test_a_known_code_with_a_new_context_keeps_its_meaning(self):
        self.assertIs(type(outcome_of([("AccountNumberInvalid", "BrandNew")])), Rejected)

    def test_the_most_careful_code_wins(self):
        codes = [("ParameterInvalid", ""), ("OtherError", "")]
        self.assertIs(type(outcome_of(codes)), Unknown)
        codes = [("ParameterInvalid", ""), ("RateLimited", "")]
        self.assertIs(type(outcome_of(codes)), Throttled)

    def test_body_before_status(self):
        done = body(1)
        self.assertIs(decide(200, done), done)
        self.assertIs(decide(500, done), done)
        near = body(2, ("NearestMatch", ""))
        self.assertIs(decide(200, near), near)
        with self.assertRaises(Rejected):
            decide(200, body(4, ("ParameterInvalid", "SkuCode")))

    def test_no_clear_result_is_unknown(self):
        for answer in (
            {},
            {"ResultCode": None},
            {"ResultCode": "1"},
            {"ResultCode": True},
            {"ErrorCodes": "x"},
            body(3),
            body(4),
            body(5),
            body(6),
        ):
            with self.subTest(answer=answer), self.assertRaises(Unknown):
                decide(200, answer)

    def test_without_body_the_status_decides(self):
        for status, expected in (
            (200, Unknown),
            (302, Unknown),
            (400, Unknown),
            (401, NotSent),
            (403, NotSent),
            (429, Throttled),
            (500, Unknown),
            (503, Unknown),
        ):
            with self.subTest(status=status), self.assertRaises(expected):
                decide(status, None)

    def test_a_refusal_with_a_living_record_is_unknown(self):
        refused = ("ProviderError", "ProductUnavailable")
        for state, expected in (
            ("Failed", Rejected),
            ("Cancelled", Rejected),
            ("", Rejected),
            ("Complete", Unknown),
            ("Submitted", Unknown),
            ("BrandNewState", Unknown),
        ):
            answer = body(5, refused, TransferRecord={"ProcessingState": state})
            with self.subTest(state=state), self.assertRaises(expected):
                decide_transfer(500, answer)
