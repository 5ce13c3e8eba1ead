"""Every query of docs/accountant.md runs on the ledger of the demo sales and finds something."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess

import pytest

from scripts.common import PROJECT, VAR

PAGE = (PROJECT / "docs" / "accountant.md").read_text()
MONGOSH = shutil.which("mongosh") or str(VAR / "mongosh" / "node_modules" / ".bin" / "mongosh")
# Operators that came after MongoDB 6.0.
TOO_NEW = ("$percentile", "$median", "$convert: { byteOrder", "$vectorSearch", "$rankFusion")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


@pytest.fixture(scope="module")
def company_id(platform):
    """Return the company of a sale that is delivered and in MongoDB."""
    customer, order = platform.order()
    customer.pay(order)
    platform.wait_until(lambda: platform.entries(order) == ["delivered", "fee", "paid"], 60)
    platform.wait_until(lambda: len(platform.documents(order)) == 3, 60)
    views = platform.mongo.ledger_views.transactions
    key = {"_id": platform.topup(order)["uuid"], "version": 3}
    platform.wait_until(lambda: views.find_one(key), 60)
    return platform.topup(order)["company_id"]


def test_queries_of_python(platform, company_id):
    assert len(blocks("python")) == 4
    for block in blocks("python"):
        told = io.StringIO()
        code = block.replace('"company_id": 1', f'"company_id": {company_id}')
        with contextlib.redirect_stdout(told):
            exec(compile(code, "docs/accountant.md", "exec"), {"client": platform.mongo})
        if "print" in block or "csv" in block:
            assert "gateway:stripe_checkout" in told.getvalue()


def test_queries_of_mongosh(platform, company_id):
    if not os.access(MONGOSH, os.X_OK):
        pytest.skip("mongosh is not installed: make contract does it")
    assert len(blocks("javascript")) == 7
    queries = [
        query.replace("company_id: 1", f"company_id: {company_id}")
        for block in blocks("javascript")
        for query in re.split(r"\n(?=db\.)", block.strip())
    ]
    found = run_mongosh(queries)
    assert len(found) == 8
    for query, rows in zip(queries, found, strict=True):
        # no debts, corrections and seals in the demo's first minutes
        may_be_empty = any(word in query for word in ("corrects", "seals", "$elemMatch"))
        assert rows > 0 or may_be_empty, query


def run_mongosh(queries):
    """Return how many documents each query finds."""
    counts = ", ".join(f"({query}).toArray().length" for query in queries)
    answer = subprocess.run(
        [MONGOSH, "--quiet", "--norc", os.environ["PG_MONGO_URI"]]
        + ["--eval", f"print(JSON.stringify([{counts}]))"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr + answer.stdout
    return json.loads(answer.stdout.strip().splitlines()[-1])


def test_only_what_mongodb_6_has():
    assert not [word for word in TOO_NEW if word in PAGE]
