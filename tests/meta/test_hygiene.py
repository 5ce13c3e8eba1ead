"""What is in the repository: nothing private, nothing broken, nothing MongoDB 6.0 does not have."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
SELF = Path(__file__).relative_to(TOP).as_posix()

#: Hosts of package registries: every machine has its own mirror, so none is written down.
REGISTRIES = re.compile(
    r"\b(deb\.debian|security\.debian|files\.pythonhosted|registry\.npmjs|test\.pypi|pypi"
    r"|registry\.yarnpkg)\.(org|com)\b"
)
#: Folders of one person's or one build's machine.
PRIVATE_PATHS = re.compile(r"(?<![\w.])/(work|home|root|Users)/\w")
TOKENS = {
    "Stripe key": re.compile(r"\b(sk|rk)_live_[0-9A-Za-z]{8,}"),
    "Stripe test key": re.compile(r"\bsk_test_[0-9A-Za-z]{24,}"),
    "webhook secret": re.compile(r"\bwhsec_[0-9A-Za-z+/]{24,}"),
    "AWS key": re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    "GitHub token": re.compile(r"\bgh[pousr]_[0-9A-Za-z]{30,}"),
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "Fernet key": re.compile(r"(?<![\w/+-])[\w-]{43}=(?![\w=])"),
    "web token": re.compile(r"\beyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,}"),
}
#: Operators and calls that came after MongoDB 6.0 (7.0, 8.0), and what only mongos has.
NEWER_MONGO = re.compile(
    r"\$(percentile|median|rankFusion|scoreFusion|sigmoid|toUUID|serializeEJSON"
    r"|deserializeEJSON|queryStats|listSampledQueries|shardedDataDistribution)\b"
    r"|\bshardCollection\b|\bMongoClient\([^)]*\)\.bulk_write|\bclient\.bulk_write\("
)


def tracked():
    """Return the paths of all tracked files that are text."""
    answer = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=True,
    )
    found = []
    for name in filter(None, answer.stdout.split("\0")):
        path = TOP / name
        if path.is_file() and b"\0" not in path.read_bytes()[:4096]:
            found.append(name)
    return found


def search(pattern, names):
    """Return 'file:line: text' for each match in the files."""
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name in names
        for number, line in enumerate((TOP / name).read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.fixture(scope="module")
def names():
    """Return the tracked text files but this one, which names what it looks for."""
    return [name for name in tracked() if name != SELF]


def test_no_registry_host(names):
    assert search(REGISTRIES, names) == []


def test_no_private_path(names):
    assert search(PRIVATE_PATHS, names) == []


@pytest.mark.parametrize("kind", TOKENS)
def test_no_secret(names, kind):
    assert search(TOKENS[kind], names) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("Stripe key", "sk_live_" + "4eC39HqLyjWD"),
        ("webhook secret", "whsec_" + "a1" * 16),
        ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----"),
        ("Fernet key", "key = '" + "Ab1_" * 10 + "xyz='"),
    ],
)
def test_secrets_would_be_found(kind, text):
    assert TOKENS[kind].search(text)


def manifests():
    """Return the manifest of each addon."""
    return sorted((TOP / "addons").glob("pg_*/__manifest__.py"))


@pytest.mark.parametrize("path", manifests(), ids=lambda path: path.parent.name)
def test_manifest(path):
    manifest = ast.literal_eval(path.read_text())
    assert manifest["license"] == "LGPL-3"
    assert manifest["version"].startswith("19.0.")
    assert manifest["author"] == "Prepaid Minutes Contributors"


def test_licence_text():
    text = (TOP / "LICENSE").read_text()
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text


def test_readme_names_only_targets_there_are():
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    documents = [TOP / "README.md", *sorted((TOP / "docs").glob("**/*.md"))]
    text = "\n".join(path.read_text() for path in documents if path.is_file())
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE))
    assert named, "the documents say how to run the project"
    assert named <= targets


def test_every_target_has_a_help_line():
    text = (TOP / "Makefile").read_text()
    phony = set(re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE).group(1).split())
    assert set(re.findall(r"^([a-z-]+):.*## \S", text, re.MULTILINE)) == phony


def test_requirements_are_exact():
    for name in ("requirements.txt", "requirements-test.txt", "requirements.lock"):
        lines = (TOP / name).read_text().splitlines()
        wanted = [line for line in lines if line and not line.startswith("#")]
        assert wanted and all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in wanted), name


def test_lock_holds_every_requirement():
    def pins(name):
        lines = (TOP / name).read_text().splitlines()
        pairs = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
        return {re.sub("[-_.]+", "-", key).lower(): value for key, value in pairs}

    lock = pins("requirements.lock")
    for name in ("requirements.txt", "requirements-test.txt"):
        for key, value in pins(name).items():
            assert lock.get(key) == value, f"{key} in {name}"


def test_only_mongodb_6_is_used(names):
    ours = [
        name
        for name in names
        if name.startswith(("addons/", "scripts/", "docker/")) and name.endswith((".py", ".sh"))
    ]
    assert search(NEWER_MONGO, ours) == []


@pytest.mark.parametrize(
    "text",
    ['{"$median": {"input": "$x"}}', '{"$percentile": {}}', "client.bulk_write([x])"],
)
def test_newer_mongodb_would_be_found(text):
    assert NEWER_MONGO.search(text)


def test_nothing_is_left_for_later(names):
    mark = re.compile(r"\b(TO" + "DO|FIX" + "ME|X" + r"XX|NotImplemented" + r"Error)\b(?!-)")
    ours = [name for name in names if name.startswith(("addons/", "sandbox/"))]
    assert search(mark, [name for name in ours if name.endswith((".py", ".xml", ".js"))]) == []
