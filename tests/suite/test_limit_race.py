"""Orders at the same moment, on connections of their own, cannot share a limit's last place."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.customer import PageError


@pytest.fixture
def limit(platform):
    """Two top-ups a day for one number, then refused."""
    [company] = platform.sql(
        "INSERT INTO pg_topup_limit (company_id, scope, max_count, max_amount, reaction, active,"
        " sequence) SELECT id, 'number', 2, 0, 'refuse', true, 1 FROM res_company"
        " WHERE pg_slug = %s RETURNING id",
        "island-mobile",
    )
    yield company["id"]
    platform.sql("DELETE FROM pg_topup_limit WHERE id = %s", company["id"])


def test_the_last_place_is_taken_once(platform, limit):
    number = platform.number()

    def buy(_index):
        try:
            return platform.customer().order(number, receive=20).status_url
        except PageError as error:
            return str(error)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(buy, range(4)))
    placed = [answer for answer in answers if "/order/" in answer]
    assert len(placed) == 2, answers
    assert all("reached what can be sent" in a for a in answers if a not in placed), answers
    stored = platform.sql(
        "SELECT count(*) FROM pg_topup WHERE number = %s", "+675" + number.replace(" ", "")
    )
    assert stored == [{"count": 2}]
