"""Read which addon knows what: dependencies of manifests, imports of every Python file."""

import ast
from dataclasses import dataclass
from pathlib import Path

#: What each addon may know of ours, itself left out. Everything not named is a forbidden arrow.
GROUND = {"pg_base", "pg_catalog", "pg_payments", "pg_ledger"}
FLOORS = GROUND | {"pg_topup"}
ALLOWED = {
    "pg_base": set(),
    "pg_catalog": {"pg_base"},
    "pg_payments": {"pg_base"},
    "pg_ledger": {"pg_base"},
    "pg_dingconnect": {"pg_base", "pg_catalog"},
    "pg_topup": GROUND,
    "pg_portal": FLOORS,
    "pg_reports": FLOORS,
    "pg_api": FLOORS,
}

#: Outside libraries and the only folders (below addons/) that may import them; tests may.
LIBRARIES = {
    "requests": "pg_base/http/",
    "pymongo": "pg_ledger/",
    "bson": "pg_ledger/",
    "gridfs": "pg_ledger/",
    "stripe": "pg_payments/",
    "paypalrestsdk": "pg_payments/",
}

#: The one file that may commit; tests may not either.
COMMIT_FILE = "pg_base/tools/steps.py"

#: Folders and files of plain Python: no records, no transport.
PLAIN = {"adapters", "ports", "tools"}


@dataclass(frozen=True)
class Import:
    """One imported module by its full name, e.g. odoo.addons.pg_base.http."""

    module: str
    line: int


def module_of(path, addons):
    """Return a file's module as a list of names, from `odoo` on."""
    parts = list(path.relative_to(addons).with_suffix("").parts)
    return ["odoo", "addons", *(parts[:-1] if parts[-1] == "__init__" else parts)]


def read_imports(path, addons):
    """Return every import of a file, relative ones resolved, those inside functions included."""
    package = module_of(path, addons)
    if path.name != "__init__.py":
        package = package[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join(base + ([node.module] if node.module else []))
            found += [Import(f"{source}.{alias.name}", node.lineno) for alias in node.names]
        elif isinstance(node, ast.Call) and (name := dynamic_import(node)):
            found.append(Import(name, node.lineno))
    return found


def dynamic_import(node):
    """Return the module named in importlib.import_module("x") or __import__("x"), else None."""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name not in ("import_module", "__import__") or not node.args:
        return None
    value = node.args[0]
    return value.value if isinstance(value, ast.Constant) else None


def addon_of(module):
    """Return the addon that a module belongs to, or None."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["odoo", "addons"] and len(parts) > 2 else None


def find_commits(path):
    """Return the lines where a file commits a cursor by itself."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(), str(path)))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
        and ast.unparse(node.func.value).split(".")[-1].split("(")[0] in ("cr", "_cr", "cursor")
    ]


def check_manifests(addons):
    """Yield a complaint for each dependency that design.md §3 does not draw."""
    for path in sorted(Path(addons).glob("pg_*/__manifest__.py")):
        name = path.parent.name
        if name not in ALLOWED:
            yield f"{name}: unknown addon, draw it in tests/meta/layers.py first"
            continue
        depends = {item for item in ast.literal_eval(path.read_text()).get("depends", ())}
        for item in sorted(depends):
            if item.startswith("pg_") and item not in ALLOWED[name]:
                yield f"{name}: manifest depends on {item}"


def check_files(addons):
    """Yield a complaint for each import, commit or transport in the wrong room."""
    addons = Path(addons)
    for path in sorted(addons.glob("pg_*/**/*.py")):
        inside = path.relative_to(addons)
        imports = read_imports(path, addons)
        tests = "tests" in inside.parts
        yield from check_arrows(inside, imports)
        if not tests:
            yield from check_libraries(inside, imports)
            yield from check_transport(inside, imports)
            if inside.as_posix() != COMMIT_FILE:
                for line in find_commits(path):
                    yield f"{inside}:{line}: commits; only {COMMIT_FILE} may"


def check_arrows(inside, imports):
    """Yield a complaint for each import of an addon this one must not know."""
    name = inside.parts[0]
    for item in imports:
        target = addon_of(item.module)
        if not target or target == name or not target.startswith("pg_"):
            continue
        if target not in ALLOWED.get(name, set()):
            yield f"{inside}:{item.line}: {name} imports {item.module}"


def check_libraries(inside, imports):
    """Yield a complaint for each outside library in a room that is not its own."""
    for item in imports:
        room = LIBRARIES.get(item.module.split(".")[0])
        if room and not inside.as_posix().startswith(room):
            yield f"{inside}:{item.line}: imports {item.module}, which only {room} may"


# Odoo's own seam of the web inside the models: an override of `ir.http` answers requests.
TRANSPORT_MODEL = "ir_http.py"


def check_transport(inside, imports):
    """Yield a complaint where models know the web, or plain Python knows records."""
    folder = inside.parts[1].removesuffix(".py")
    for item in imports:
        parts = item.module.split(".")
        if folder in ("models", "wizards") and inside.name != TRANSPORT_MODEL:
            if parts[:2] == ["odoo", "http"] or "controllers" in parts:
                yield f"{inside}:{item.line}: a model imports {item.module}"
        if folder in PLAIN and addon_of(item.module) and "models" in parts[3:]:
            yield f"{inside}:{item.line}: plain Python imports {item.module}"
        if folder in PLAIN and item.module in ("odoo.models", "odoo.http", "odoo.http.request"):
            yield f"{inside}:{item.line}: plain Python imports {item.module}"


def check(addons):
    """Return all complaints about a folder of addons."""
    return [*check_manifests(addons), *check_files(addons)]
