"""The process itself: command line, loopback only, state over a restart, pages."""

import contextlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from sandbox.client import SandboxClient, SandboxError

ROOT = Path(__file__).parents[2]


def run(*arguments):
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)


def read(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5) as answer:
        return answer.read().decode()


def test_help():
    result = run("--help")
    assert result.returncode == 0
    assert "--state" in result.stdout and "/dingconnect/api/V1" in result.stdout


def test_interrupt_stops_quietly():
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        address = process.stdout.readline().split()[1]
        wait_until_up(address)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def wait_until_up(address):
    for _ in range(100):
        with contextlib.suppress(OSError):
            return SandboxClient(address).health()
        time.sleep(0.05)
    raise AssertionError("the sandbox did not start")


def test_taken_port_gives_one_line(sandbox):
    result = run("--port", sandbox.base_url.rpartition(":")[2])
    assert result.returncode == 1
    assert result.stderr.startswith("sandbox: port ") and result.stderr.count("\n") == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com"])
def test_other_hosts_are_refused(host):
    result = run("--host", host, "--port", "0")
    assert result.returncode == 1
    assert "this machine only" in result.stderr and result.stderr.count("\n") == 1


def test_other_host_names_are_refused(sandbox):
    url = f"{sandbox.base_url}/_control/health"
    assert "ok" in read(url, Host="localhost:1")
    with pytest.raises(urllib.error.HTTPError) as caught:
        read(url, Host="evil.example.com")
    assert caught.value.code == 403


def test_state_survives_a_restart(run_sandbox, tmp_path, ding, merchant):
    arguments = ("--state", str(tmp_path / "state.sqlite"))
    orders = {"DistributorRef": "T-9", "AccountNumber": "67571234567"}
    with run_sandbox(*arguments) as first:
        ding.account = first.create_account("dingconnect", balance="50")
        shop = first.create_account("stripe", secret_key="sk_test_fixed")
        ding.sandbox, ding.key = first, ding.account["api_key"]
        reference = ding.send(**orders)[1]["TransferRecord"]["TransferId"]["TransferRef"]
        first.update(ding.account, prevent_duplicates=True)
        merchant = type(merchant)(first, merchant.check, secret_key="sk_test_fixed")
        assert merchant.account["id"] == shop["id"], "the same key is the same account"
        paid, waiting = merchant.paid(), merchant.session(key="k")
        url = "http://127.0.0.1:9/hook"
        merchant.api.webhook_endpoints.create({"url": url, "enabled_events": ["*"]})
    with run_sandbox(*arguments) as second:
        ding.sandbox = second
        merchant = type(merchant)(second, merchant.check, secret_key="sk_test_fixed")
        (item,) = ding.list(DistributorRef="T-9")["Items"]
        assert item["TransferRecord"]["TransferId"]["TransferRef"] == reference
        assert ding.balance == "45.40"
        assert ding.send(**orders)[1]["ErrorCodes"][0]["Code"] == "DuplicateTransactionPrevented"
        again = ding.send(DistributorRef="T-10")[1]["TransferRecord"]["TransferId"]
        assert int(again["TransferRef"]) > int(reference)
        assert merchant.api.checkout.sessions.retrieve(paid.id).payment_status == "paid"
        assert second.pay(waiting.id)["status"] == "complete"
        assert merchant.api.refunds.create({"payment_intent": paid.payment_intent}).amount == 1250
        assert len(merchant.api.webhook_endpoints.list().data) == 1


def test_pages(sandbox, ding, merchant):
    ding.send(DistributorRef="T-page")
    merchant.paid()
    assert ding.key in read(sandbox.base_url)
    assert "T-page" in read(f"{sandbox.base_url}/accounts/{ding.account['id']}")
    html = read(f"{sandbox.base_url}/accounts/{merchant.account['id']}")
    assert "PGK 12.50" in html and "Add fault" in html
    assert "src=" not in html and "https://" not in html


def test_fault_by_the_form_of_the_page(sandbox, ding):
    url = f"{sandbox.base_url}/_control/accounts/{ding.account['id']}/faults"
    data = b"on=SendTransfer&fault=http_500&times=1&seconds=0&code="
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=5) as answer:
        assert answer.status == 200, "a form is answered with a page"
    assert [f["fault"] for f in sandbox.faults(ding.account)] == ["http_500"]


def test_control_says_what_is_wrong(sandbox, ding, merchant):
    for call in (
        lambda: sandbox.add_fault(ding.account, "SendTransfers", "delay"),
        lambda: sandbox.add_fault(merchant.account, "refunds", "delay"),
        lambda: sandbox.transfers(merchant.account),
        lambda: sandbox.create_account("bank"),
        lambda: sandbox.create_account("stripe", secret_key="sk_live_x"),
        lambda: sandbox.create_account("dingconnect", balance="much"),
        lambda: sandbox.create_account("dingconnect", currency="ZZZ"),
        lambda: sandbox.update(ding.account, colour="red"),
        lambda: sandbox.pay("cs_test_none"),
        lambda: sandbox.transfers("acct_none"),
    ):
        with pytest.raises(SandboxError, match="40[04]: "):
            call()


def test_deleted_account_is_gone(sandbox, ding):
    sandbox.delete_account(ding.account)
    assert ding.raw("GetBalance")[0] == 401
    with pytest.raises(SandboxError):
        sandbox.account(ding.account)
