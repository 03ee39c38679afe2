"""What SCIM here can do, as clients ask for it: ServiceProviderConfig, ResourceTypes, Schemas."""

from __future__ import annotations

from typing import Any

from flask import abort
from werkzeug.wrappers import Response

from majorops.scim import groups, users
from majorops.scim.blueprint import answer, base_address, bp, page_of
from majorops.scim.requests import MOST
from majorops.web.access import by_bearer

CORE = "urn:ietf:params:scim:schemas:core:2.0:"


def attribute(name: str, kind: str = "string", **more: object) -> dict[str, Any]:
    """One attribute of a schema with the defaults of RFC 7643 (7.); `more`: what differs."""
    said: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": False,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    }
    if kind == "string":
        said["caseExact"] = False
    return said | more


SCHEMAS: dict[str, dict[str, Any]] = {
    users.SCHEMA: {
        "name": "User",
        "description": "An account of MajorOps",
        "attributes": [
            attribute("userName", required=True, uniqueness="server"),
            attribute("displayName"),
            attribute(
                "name",
                "complex",
                subAttributes=[attribute(part) for part in ("formatted", "givenName", "familyName")],
            ),
            attribute(
                "emails",
                "complex",
                multiValued=True,
                subAttributes=[attribute("value"), attribute("type"), attribute("primary", "boolean")],
            ),
            attribute("active", "boolean"),
        ],
    },
    groups.SCHEMA: {
        "name": "Group",
        "description": "A group that the role map may name",
        "attributes": [
            attribute("displayName", required=True, caseExact=True, uniqueness="server"),
            attribute(
                "members",
                "complex",
                multiValued=True,
                subAttributes=[
                    attribute("value", mutability="immutable"),
                    attribute("display", mutability="readOnly"),
                    attribute("$ref", "reference", referenceTypes=["User"], mutability="immutable"),
                ],
            ),
        ],
    },
}


def schema(name: str) -> dict[str, Any]:
    """A schema by its URN, as a resource."""
    location = f"{base_address()}/Schemas/{name}"
    about = {"schemas": [f"{CORE}Schema"], "id": name}
    return about | SCHEMAS[name] | {"meta": {"resourceType": "Schema", "location": location}}


def resource_type(name: str) -> dict[str, Any]:
    """User or Group, as a resource type."""
    location = f"{base_address()}/ResourceTypes/{name}"
    return {
        "schemas": [f"{CORE}ResourceType"],
        "id": name,
        "name": name,
        "endpoint": f"/{name}s",
        "schema": f"{CORE}{name}",
        "meta": {"resourceType": "ResourceType", "location": location},
    }


@bp.get("/ServiceProviderConfig")
@by_bearer
def show_config() -> Response:
    """What is supported."""
    no = {"supported": False}
    token = {
        "type": "oauthbearertoken",
        "name": "Bearer token",
        "description": "The token of MAJOROPS_SCIM_TOKEN",
        "primary": True,
    }
    said = {"patch": {"supported": True}, "bulk": no | {"maxOperations": 0, "maxPayloadSize": 0}}
    said |= {"filter": {"supported": True, "maxResults": MOST}, "changePassword": no, "sort": no, "etag": no}
    meta = {"resourceType": "ServiceProviderConfig", "location": f"{base_address()}/ServiceProviderConfig"}
    about = {"schemas": [f"{CORE}ServiceProviderConfig"], "authenticationSchemes": [token], "meta": meta}
    return answer(about | said)


@bp.get("/ResourceTypes")
@by_bearer
def list_resource_types() -> Response:
    """Users and groups."""
    return page_of([resource_type(name) for name in ("User", "Group")], 2, 1)


@bp.get("/ResourceTypes/<name>")
@by_bearer
def show_resource_type(name: str) -> Response:
    """One of them."""
    return answer(resource_type(name) if name in ("User", "Group") else abort(404))


@bp.get("/Schemas")
@by_bearer
def list_schemas() -> Response:
    """Those of users and groups."""
    return page_of([schema(name) for name in SCHEMAS], len(SCHEMAS), 1)


@bp.get("/Schemas/<name>")
@by_bearer
def show_schema(name: str) -> Response:
    """One of them, by its URN."""
    return answer(schema(name) if name in SCHEMAS else abort(404))
