"""How requests are made: for what the schemas do not tell."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """Leaves out what changes the form of an answer in a way that no schema tells: members are missing where
    `fields` leaves them out, and what `dry_run` would create has no id."""
    for name in ("fields", "dry_run"):
        if case.query:
            case.query.pop(name, None)
