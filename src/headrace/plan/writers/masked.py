"""A plan without its secrets, to be shown to people who may see what was run: passwords, tokens, keys, and values whose
names say that they are secret (`secret_places.py`). Rows of data sources and attached files are left out as a whole."""

import re
from typing import Any

import msgspec

from headrace.plan.data import DataSource
from headrace.plan.model import Plan, Tls
from headrace.plan.requests import Credentials, FormPart, Parameter
from headrace.plan.writers.secret_places import is_secret

MASK = "***"
_USER = re.compile(r"//[^/@]*@")


def masked(plan: Plan) -> Plan:
    shown: Plan = _masked(plan)
    return msgspec.structs.replace(shown, files=(), proxy=_USER.sub(f"//{MASK}@", plan.proxy))


def _masked(value: Any) -> Any:
    match value:
        case Credentials() if is_secret("password", value.password):
            return msgspec.structs.replace(value, password=MASK)
        case Tls():
            return msgspec.structs.replace(value, key=MASK if value.key else "", key_password="")
        case DataSource():
            return msgspec.structs.replace(value, rows=())
        case Parameter(name=name, value=text) | FormPart(name=name, value=text) if is_secret(name, text):
            return msgspec.structs.replace(value, value=MASK)
        case (str() as name, str() as text) if is_secret(name, text):
            return name, MASK
        case msgspec.Struct():
            fields = msgspec.structs.fields(type(value))
            changed = {field.name: _masked(getattr(value, field.name)) for field in fields}
            return msgspec.structs.replace(value, **changed)
        case tuple():
            return tuple(_masked(each) for each in value)
    return value
