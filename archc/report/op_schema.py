"""JSON Schema of what stands under the ops, from their classes."""

from __future__ import annotations

import math

from archc import ops
from archc.opdef import Attr, Kind, Op
from archc.report.op_page import default_text, description

Schema = dict[str, object]

EXPRESSION: Schema = {"$ref": "#/definitions/expression"}
REFERENCES: Schema = {"$ref": "#/definitions/references"}
INITIALIZER: Schema = {"$ref": "#/definitions/initializer"}
_NULL: Schema = {"type": "null"}
_TEMPLATE: Schema = {"type": "string", "pattern": r"\$\("}
_BASES: dict[str, str] = {
    "int": "integer",
    "size": "integer",
    "float": "number",
    "quantity": "number",
    "scalar": "number",
    "bool": "boolean",
}


def op_schemas() -> dict[str, Schema]:
    """Give for each op what may stand under its name."""
    return {name: _op(ops.find(name)) for name in sorted(ops.names())}


def _op(op: type[Op]) -> Schema:
    declared = {name: each for name, each in op.attributes.items() if name != op.gathers}
    attributes = {name: _attribute(each) for name, each in declared.items()}
    required = [name for name, each in declared.items() if each.required]
    mapping: Schema = {
        "type": "object",
        "properties": attributes,
        "additionalProperties": value_of(op.attributes[op.gathers].kind) if op.gathers else False,
    }
    forms: list[Schema] = [mapping]
    if required:
        mapping["required"] = required
    else:
        forms.append(_NULL)
    main = op.main()
    if main is not None and set(required) <= {main}:
        forms += _forms(op.attributes[main].kind)
    if op.combines:
        forms.append(REFERENCES)
    return {"description": description(op), **any_of(forms)}


def any_of(forms: list[Schema]) -> Schema:
    """Allow any of some forms."""
    return forms[0] if len(forms) == 1 else {"anyOf": forms}


def _attribute(declared: Attr) -> Schema:
    shown = "" if declared.required else f" (default: {default_text(declared)})"
    return {"description": f"{declared.doc}{shown}", **value_of(declared.kind)}


def value_of(kind: Kind) -> Schema:
    """Give the schema of a value of an attribute."""
    return any_of(_forms(kind))


def _forms(kind: Kind) -> list[Schema]:
    forms: list[Schema] = [{"enum": list(kind.words)}] if kind.words else []
    if kind.base == "text":
        forms.append(_TEMPLATE if kind.words else {"type": "string"})
    elif kind.base == "data":
        forms += [{"type": ["number", "boolean", "array"]}, EXPRESSION]
    elif kind.base == "init":
        forms.append(INITIALIZER)
    else:
        if kind.length is None or kind.length > 0 or kind.single:
            forms.append(_number(kind))
        if kind.length is not None:
            forms.append(_list(kind))
        forms.append(EXPRESSION)
    if kind.optional:
        forms.append(_NULL)
    return forms


def _number(kind: Kind) -> Schema:
    found: Schema = {"type": _BASES[kind.base]}
    if kind.base == "scalar":
        found = {"type": ["number", "boolean"]}
    for word, bound in (("minimum", kind.min), ("maximum", kind.max)):
        if bound is not None and math.isfinite(bound):
            found[word] = bound
    return found


def _list(kind: Kind) -> Schema:
    items: list[Schema] = [_number(kind), EXPRESSION, *([_NULL] if kind.holes else [])]
    found: Schema = {"type": "array", "items": any_of(items)}
    if kind.length:
        found.update({"minItems": 1, "maxItems": kind.length})
    return found
