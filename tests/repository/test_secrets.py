"""A secret has a type that does not show it, in every class of the product."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2] / "gateway"
SECRET = re.compile(
    r"(^|_)(secrets?|passwords?|passphrase|api_key|auth_token|token|pin|pepper|private_key|credential)$"
)
# Ids of work that is being done, and answers to "has she a PIN?", are no secrets.
HARMLESS = ("UUID", "bool", "Literal", "View", "int")
APART = {
    ROOT / "simulator": "plays the carriers and operators, with invented keys",
    ROOT
    / "api"
    / "client"
    / "webhook_models.py": "the response in which a client reads its secret",
}


def fields(path):
    for held in ast.walk(ast.parse(path.read_text())):
        if isinstance(held, ast.ClassDef):
            for line in held.body:
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    yield held.name, line.target.id, ast.unparse(line)


def shows(written: str) -> bool:
    kind = written.partition(":")[2]
    if "sealed" in written or "repr=False" in written:
        return False
    return not any(word in kind for word in ("SecretStr", "SecretBytes", *HARMLESS))


def test_no_class_shows_a_secret():
    found = [
        f"{path.relative_to(ROOT)}: {name}.{field}"
        for path in sorted(ROOT.rglob("*.py"))
        if not any(path == apart or apart in path.parents for apart in APART)
        for name, field, written in fields(path)
        if SECRET.search(field) and shows(written)
    ]
    assert found == [], (
        "a field with such a name is a SecretStr, or has another name where it is no secret "
        "(an account's public id is `account` or `api_user`)"
    )


def test_the_rule_sees_a_plain_secret_and_lets_a_hidden_one_be():
    assert SECRET.search("result_token")
    assert SECRET.search("secret")
    assert not SECRET.search("key_hash")
    assert shows("secret: str")
    assert shows("pin: str | None = None")
    assert not shows("secret: SecretStr | None = None")
    assert not shows("pin: str = field(repr=False)")
