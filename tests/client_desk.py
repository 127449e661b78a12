"""A desk of a made-up office, for the tests of decisions."""

import datetime as dt
from pathlib import Path
from tempfile import mkdtemp

from impactmodel.clients import ClientGate, ClientTable, ClientUse, Number, Oversight
from impactmodel.clients.desk import Desk
from impactmodel.registers import AuditLog, Purpose

LAST = dt.date(2099, 12, 31)


def desk(model, key, table=None):
    """Return a desk at which the features of a model may rank, on a ground where protected."""
    names = tuple(dict.fromkeys(n for pair in model.features for n in pair.split(" × ")))
    table = table or ClientTable("entry", {name: Number() for name in names})
    purpose = Purpose("act", "", "the city", "client_work", ("client_decision",), LAST, LAST)
    grounds = {name: "act, section 2" for name in names if name in table.protected}
    variables = tuple(table.features)
    people = Oversight("adviser", ("the interview",), "the registry")
    use = ClientUse("support_2027", "the need of support", purpose, variables, people, grounds)
    return Desk(ClientGate(use, AuditLog(Path(mkdtemp()) / "audit.jsonl")), table, model, key)
