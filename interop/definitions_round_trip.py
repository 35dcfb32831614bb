"""Definitions from Leveret into RabbitMQ, out of it, and into a fresh Leveret: the same objects.

Arguments: the HTTP addresses of the first broker, of RabbitMQ, and of the second broker.
"""

import base64
import json
import sys
import urllib.error
import urllib.request

FIRST, RABBITMQ, SECOND = sys.argv[1:4]
USERS = {"hazel": "test12", "fiver": "down"}


def call(base, method, path, body=None, user="guest:guest"):
    request = urllib.request.Request(base + "/api/" + path, method=method)
    request.add_header("authorization", "Basic " + base64.b64encode(user.encode()).decode())
    if body is not None:
        request.add_header("content-type", "application/json")
        request.data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def done(result, *wanted):
    status, body = result
    assert status in wanted, (status, body)
    return body


def make(base):
    put = lambda path, body: done(call(base, "PUT", path, body), 201, 204)
    put("vhosts/dev", {"description": "for trying out", "tags": "a,b"})
    # One comes with a hash from elsewhere, the other is hashed by the tool that makes it.
    put("users/hazel", {"password_hash": "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR", "tags": "management"})
    hashed = done(call(base, "GET", "auth/hash_password/down"), 200)["ok"]
    put("users/fiver", {"password_hash": hashed, "tags": "monitoring"})
    # RabbitMQ keeps a hash that it does not know, and gives it out again.
    put("users/bigwig", {"password": "owsla", "tags": "management"})
    put("permissions/dev/hazel", {"configure": "^q", "write": ".*", "read": ""})
    put("topic-permissions/dev/hazel", {"exchange": "amq.topic", "write": "^a", "read": ".*"})
    put("vhost-limits/dev/max-queues", {"value": 50})
    put("policies/dev/p", {"pattern": "^q", "definition": {"max-length": 9}, "priority": 2, "apply-to": "queues"})
    put("operator-policies/dev/cap", {"pattern": "", "definition": {"expires": 9000000}, "apply-to": "queues"})
    put("exchanges/dev/x", {"type": "topic", "arguments": {"alternate-exchange": "y"}})
    put("exchanges/dev/y", {"type": "headers", "internal": True})
    put("queues/dev/q", {"arguments": {"x-message-ttl": 1000, "x-dead-letter-exchange": ""}})
    put("queues/dev/big", {"arguments": {"x-queue-type": "quorum"}})
    put("queues/dev/goes", {"durable": False})
    done(call(base, "POST", "definitions", {"bindings": [
        {"source": "x", "vhost": "dev", "destination": "q", "destination_type": "queue", "routing_key": "a.#", "arguments": {}},
        {"source": "x", "vhost": "dev", "destination": "y", "destination_type": "exchange", "routing_key": "b", "arguments": {}},
        {"source": "y", "vhost": "dev", "destination": "big", "destination_type": "queue", "routing_key": "", "arguments": {"x-match": "all", "k": "v"}},
    ]}), 204)


def objects(base):
    """All that both brokers write alike, without what is of one broker alone."""
    found = done(call(base, "GET", "definitions"), 200)
    plain = {}
    for kind, keys in {
        "users": ["name", "tags", "password_hash", "hashing_algorithm"],
        "permissions": ["user", "vhost", "configure", "write", "read"],
        "topic_permissions": ["user", "vhost", "exchange", "write", "read"],
        "parameters": ["component", "vhost", "name", "value"],
        "policies": ["vhost", "name", "pattern", "apply-to", "priority", "definition"],
        "exchanges": ["vhost", "name", "type", "durable", "auto_delete", "internal", "arguments"],
        "queues": ["vhost", "name", "durable", "auto_delete", "arguments"],
        "bindings": ["vhost", "source", "destination", "destination_type", "routing_key", "arguments"],
    }.items():
        items = [{key: item.get(key) for key in keys} for item in found[kind] if item.get("name") != "guest"]
        plain[kind] = sorted(json.dumps(item, sort_keys=True) for item in items)
    # RabbitMQ 3.10 gives their names out and nothing else.
    plain["vhosts"] = sorted(item["name"] for item in found["vhosts"])
    return found, plain


make(FIRST)
file, first = objects(FIRST)
done(call(RABBITMQ, "POST", "definitions", file), 204)
file, between = objects(RABBITMQ)
for kind, items in first.items():
    assert between[kind] == items, (kind, items, between[kind])
done(call(SECOND, "POST", "definitions", file), 204)
_, second = objects(SECOND)
assert second == between, [(kind, between[kind], second[kind]) for kind in second if second[kind] != between[kind]]
for base in [RABBITMQ, SECOND]:
    for user, password in USERS.items():
        done(call(base, "GET", "whoami", user=f"{user}:{password}"), 200)
        assert call(base, "GET", "whoami", user=f"{user}:wrong")[0] == 401
done(call(SECOND, "GET", "whoami", user="bigwig:owsla"), 200)
print("definitions: the same", {kind: len(items) for kind, items in second.items()})
