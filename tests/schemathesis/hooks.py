"""How requests are made: for what the schemas do not tell."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """Members left out by `fields` are missing in the answer, which no schema can say."""
    if case.query:
        case.query.pop("fields", None)
