"""Whether what is posted to Dash is what its own browser side posts; Dash itself assumes so."""

from flask import abort


def check_body(body, callbacks) -> None:
    """Abort with 400 unless `body` calls one of `callbacks` with the arguments that it takes.

    Callbacks with patterns for ids, which take any number of arguments, are not known here.
    """
    if not isinstance(body, dict):
        abort(400, "The body is not a callback.")
    output = body.get("output")
    callback = callbacks.get(output) if isinstance(output, str) else None
    if callback is None or "callback" not in callback:
        abort(400, "No such callback.")
    if not _are_outputs(body.get("outputs"), callback["output"]):
        abort(400, "The callback's outputs are others.")
    for part, declared in (("inputs", callback["inputs"]), ("state", callback["state"])):
        if not _matches(body.get(part, []), declared):
            abort(400, f"The callback's {part} are others.")
    changed = body.get("changedPropIds", [])
    if not (isinstance(changed, list) and all(isinstance(name, str) for name in changed)):
        abort(400, "`changedPropIds` is a list of texts.")


def _are_outputs(outputs, declared):
    """A dict for one output, a list of them for several, as they were declared."""
    if not isinstance(declared, list | tuple):
        outputs, declared = [outputs], [declared]
    if not isinstance(outputs, list) or len(outputs) != len(declared):
        return False
    return all(
        isinstance(output, dict)
        and output.get("id") == expected.component_id
        and output.get("property") == expected.component_property
        for output, expected in zip(outputs, declared, strict=True)
    )


def _matches(arguments, declared):
    if not isinstance(arguments, list) or len(arguments) != len(declared):
        return False
    return all(
        isinstance(argument, dict)
        and argument.get("id") == expected["id"]
        and argument.get("property") == expected["property"]
        for argument, expected in zip(arguments, declared, strict=True)
    )
