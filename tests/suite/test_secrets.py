"""Credentials are planted through the same RPC as a browser's, then looked for everywhere."""

import contextlib
import json
import subprocess
import uuid

import pytest
import requests

from scripts.backoffice import BackOffice
from scripts.common import PROJECT, PYTHON
from scripts.services import postgres_bin

MASK = "••••••••"
#: What a customer bought is no credential; addons/pg_topup/tests/test_code.py looks for it.
NOT_CREDENTIALS = {"pg.topup", "pg.topup.resolve", "pg.secret.mixin"}


class Office(BackOffice):
    """A login whose answers are kept, refusals with their debug text, too."""

    def __init__(self, *args):
        self.answers = []
        super().__init__(*args)

    def _post(self, path, params):
        answer = self.http.post(
            self.base_url + path,
            json={"jsonrpc": "2.0", "method": "call", "params": params},
            timeout=self.timeout,
        )
        self.answers.append(answer.text)
        return answer.json().get("result")


@pytest.fixture(scope="module")
def office(platform):
    return Office(platform.base_url, platform.database, "admin", "admin")


@pytest.fixture(scope="module")
def fields(platform):
    """Return {model: Secret fields} as the running addons have them."""
    answer = subprocess.run(
        [str(PYTHON), "-m", "tests.inside", "tests.suite.secret_fields"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=platform.stack.settings.env(),
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr[-2000:]
    found = json.loads(answer.stdout.splitlines()[-1])
    return {model: names for model, names in found.items() if model not in NOT_CREDENTIALS}


def make_records(platform, office):
    """Return {model: id} of records to plant in: they are switched off or of nobody."""
    [seller] = office.read("res.company", [("pg_slug", "=", "suva-reload")], ["id"])
    provider = platform.sql(
        "SELECT id FROM payment_provider WHERE code = 'paypal_orders' AND state = 'disabled'"
        " ORDER BY id LIMIT 1"
    )[0]["id"]
    make = {
        "pg.supplier": {"name": "Planted", "code": "dingconnect", "company_id": seller["id"]},
        "pg.webhook": {
            "name": "Planted",
            "url": "https://hooks.customer.example/planted",
            "company_id": seller["id"],
            "active": False,
        },
        "pg.alert.rule": {
            "name": "Planted",
            "kind": "failed",
            "company_id": seller["id"],
            "active": False,
        },
        "pg.gateway.setup": {"provider_id": provider, "mode": "test"},
    }
    made = {model: office.call(model, "create", [values])[0] for model, values in make.items()}
    return {**made, "payment.provider": provider}


@pytest.fixture(scope="module")
def planted(platform, office, fields):
    """Plant a text of its own in every field; return {text: where}. Take it out in the end."""
    records = make_records(platform, office)
    assert set(fields) == set(records), "a new model with credentials: tell where to plant them"
    texts = {}
    for model, names in fields.items():
        for name in names:
            text = f"pl4nt-{uuid.uuid4().hex}"
            value = f"https://hooks.customer.example/{text}" if name.endswith("_url") else text
            assert office.call(model, "write", [records[model]], {name: value}) is True
            texts[text] = (model, records[model], name)
    yield texts
    for model, record, name in texts.values():
        office.call(model, "write", [record], {name: False})
    for model in ("pg.supplier", "pg.webhook", "pg.alert.rule", "pg.gateway.setup"):
        office.call(model, "unlink", [records[model]])


def assert_absent(planted, text, where):
    found = {planted[secret] for secret in planted if secret in text}
    assert not found, f"in {where}"


def test_every_field_holds_what_was_planted(platform, planted):
    """Else its absence elsewhere would prove nothing."""
    for model, record, name in planted.values():
        [row] = platform.sql(
            f'SELECT "{name}" AS kept FROM {model.replace(".", "_")} WHERE id = %s', record
        )
        assert len(row["kept"]) > 100


def test_no_answer_of_any_rpc_has_a_secret(planted, office):
    office.answers.clear()
    for model, record, name in planted.values():
        ids = [record]
        for method, args in (
            ("read", [ids, [name]]),
            ("web_read", [ids, {name: {}}]),
            ("search_read", [[("id", "=", record)], [name, "display_name"]]),
            ("export_data", [ids, [name]]),
            ("copy_data", [ids]),
            ("onchange", [ids, {}, [name], {name: {}}]),
            ("formatted_read_group", [[("id", "=", record)], [name], []]),
            ("name_search", []),
            ("fields_get", []),
        ):
            office.call(model, method, *args)
    answers = "".join(office.answers)
    assert_absent(planted, answers, "an answer")
    shown = office.call("payment.provider", "read", [next(iter(planted.values()))[1]], ["name"])
    assert shown is not None


def test_every_read_shows_a_mask(planted, office):
    for model, record, name in planted.values():
        [row] = office.call(model, "read", [record], [name])
        assert row[name] == MASK, (model, name)


def test_a_search_by_value_finds_nothing(planted, office):
    for text, (model, _record, name) in planted.items():
        for operator in ("=", "like", "=ilike", ">"):
            assert not office.call(model, "search_count", [(name, operator, text[:12])])


def test_refusals_and_error_pages_do_not_repeat_what_was_typed(platform, planted, office):
    """Wrong use on purpose: each is an error, and none tells the credential."""
    office.answers.clear()
    text = next(t for t, where in planted.items() if where[2] == "pg_secret_key")
    _model, provider, _name = planted[text]
    wrong = [
        ("payment.provider", "write", [provider], {"pg_secret_key": text, "no_such_field": 1}),
        ("payment.provider", "write", [provider], {"pg_secret_key": text, "state": "nowhere"}),
        ("payment.provider", "action_pg_test_connection", [provider]),
        ("payment.provider", "action_pg_create_webhook", [provider]),
        ("pg.gateway.setup", "create", [{"secret_key": text, "mode": "nowhere"}]),
    ]
    for call in wrong:
        assert office.call(*call) is None, call[1]
    assert_absent(planted, "".join(office.answers), "a refusal")
    page = requests.get(f"{platform.base_url}/web/image/payment.provider/{provider}/pg_secret_key")
    assert_absent(planted, page.text, "a page")


def test_no_log_has_a_secret(platform, planted):
    logs = list(platform.stack.settings.logs.glob("*.log"))
    assert logs
    for log in logs:
        assert_absent(planted, log.read_text(errors="replace"), log.name)


def test_a_plain_dump_of_the_database_has_no_secret(platform, planted):
    settings = platform.stack.settings
    answer = subprocess.run(
        [postgres_bin() / "pg_dump", "--format=plain", platform.database],
        capture_output=True,
        text=True,
        env=settings.env(),
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout) > 10**6
    assert_absent(planted, answer.stdout, "the dump")


def test_nobody_below_the_admin_reads_even_the_mask(platform, planted):
    for role in ("manager", "operator", "viewer"):
        login = f"{role}@suva-reload", "minutes-demo"
        clerk = Office(platform.base_url, platform.database, *login)
        for model, record, name in planted.values():
            # Managers make the rules of alerts, and see that an address is there.
            if (role, model) == ("manager", "pg.alert.rule"):
                continue
            with contextlib.suppress(KeyError):
                assert not clerk.call(model, "read", [record], [name]), (role, model, name)
        assert_absent(planted, "".join(clerk.answers), role)
