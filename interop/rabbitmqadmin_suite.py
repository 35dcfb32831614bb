"""rabbitmqadmin, version 1 and 2, against our broker and RabbitMQ: the same exit code, the same JSON keys.

Usage: rabbitmqadmin_suite.py OUR-AMQP OUR-HTTP THEIR-AMQP THEIR-HTTP [V1] [V2]
Addresses are HOST:PORT; V1 is the Python file that RabbitMQ ships, V2 the command built from its crate.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

# Keys of RabbitMQ that are of Erlang, of its mirrors or of its storage: no broker but RabbitMQ has them.
FOREIGN = {
    "reductions", "reductions_details", "garbage_collection", "backing_queue_status", "recoverable_slaves",
    "slave_nodes", "synchronised_slave_nodes", "pid", "owner_pid", "user_who_performed_action", "hibernating",
    "ssl_hash", "ssl_key_exchange", "node_persisted", "message_bytes_dlx", "messages_dlx", "storage_version",
}

# What RabbitMQ 3.10 itself does not know, and what it cannot do: (tool, words) -> why.
TOLD = {}


class Peer:
    """A connection with a consumer, so that there is something to list and to close."""

    def __init__(self, address, queue):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.socket.sendall(b"AMQP\0\0\x09\x01")
        self.read()
        self.method(0, 10, 11, struct.pack(">I", 0) + short("PLAIN") + long(b"\0guest\0guest") + short("en_US"))
        self.read()
        self.method(0, 10, 31, struct.pack(">HIH", 2047, 131072, 0))
        self.method(0, 10, 40, short("/") + short("") + b"\0")
        self.read()
        self.method(1, 20, 10, short(""))
        self.read()
        self.method(1, 60, 20, struct.pack(">H", 0) + short(queue) + short("suite") + b"\0" + struct.pack(">I", 0))
        self.read()

    def method(self, channel, group, number, arguments):
        payload = struct.pack(">HH", group, number) + arguments
        self.socket.sendall(struct.pack(">BHI", 1, channel, len(payload)) + payload + b"\xce")

    def read(self):
        head = self.exactly(7)
        return self.exactly(struct.unpack(">I", head[3:])[0] + 1)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            assert more, "the broker hung up"
            data += more
        return data


def short(text):
    return bytes([len(text)]) + text.encode()


def long(data):
    return struct.pack(">I", len(data)) + data


class Side:
    def __init__(self, name, amqp, http):
        self.name, self.amqp, self.http = name, amqp, http.removeprefix("http://")

    def get(self, path):
        request = urllib.request.Request(f"http://{self.http}/api/{path}")
        request.add_header("Authorization", "Basic Z3Vlc3Q6Z3Vlc3Q=")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def run(self, tool, words):
        host, port = self.http.rsplit(":", 1)
        words = [word.replace("CONNECTION", self.connection()) if "CONNECTION" in word else word for word in words]
        words = [word.replace("NODE", self.get("overview")["node"]) if word == "NODE" else word for word in words]
        words = [word.replace("AMQP-PORT", self.amqp.rsplit(":", 1)[1]) for word in words]
        head = ["-f", "raw_json"] if tool.kind == 1 else ["--non-interactive"]
        command = tool.command + ["-H", host, "-P", port, "-u", "guest", "-p", "guest"] + head + words
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def connection(self):
        for _ in range(100):
            found = self.get("connections")
            if found and "name" in found[0]:
                return found[0]["name"]
            time.sleep(0.1)
        raise AssertionError(f"{self.name}: no connection is listed")


class Tool:
    def __init__(self, kind, command):
        self.kind, self.command = kind, command


FILE = os.path.join(tempfile.mkdtemp(), "definitions.json")

V1 = [line.split() for line in f"""
declare queue name=suite durable=true auto_delete=false arguments={{"x-max-length":10}}
declare queue name=suite durable=true auto_delete=false arguments={{"x-max-length":10}}
declare queue name=suite durable=false
declare queue name=other queue_type=quorum
declare exchange name=xa type=topic durable=true
declare exchange name=xb type=fanout internal=false
declare exchange name=xa type=bogus
declare binding source=xa destination=suite routing_key=a.# destination_type=queue
declare binding source=xa destination=xb destination_type=exchange routing_key=k
declare binding source=xa destination=suite arguments={{"x":1}}
declare binding source=xa destination=nothing
declare vhost name=dev
declare user name=hazel password=down tags=management
declare permission vhost=/ user=hazel configure=.* write=.* read=.*
declare policy name=p pattern=^suite definition={{"max-length":5}} apply-to=queues priority=1
declare operator_policy name=op pattern=^suite definition={{"max-length":6}} apply-to=queues
declare vhost_limit vhost=dev name=max-queues value=7
publish exchange=xa routing_key=a.b payload=hello
publish routing_key=suite payload=hello payload_encoding=string properties={{"delivery_mode":2}}
publish exchange=nothing routing_key=suite payload=hello
get queue=suite
get queue=suite count=5 ackmode=ack_requeue_true
get queue=suite count=1 ackmode=ack_requeue_false encoding=base64
get queue=nothing
list queues
list queues name messages
--sort=name --sort-reverse list queues name messages consumers
--vhost=/ list queues
list exchanges
--vhost=/ list exchanges
list bindings
--vhost=/ list bindings
list connections
list channels
list consumers
list users
list vhosts
list permissions
list nodes
list parameters
list policies
list operator_policies
list vhost_limits
show overview
export {FILE}
import {FILE}
purge queue name=suite
purge queue name=nothing
close connection name=CONNECTION
close connection name=nobody
delete binding source=xa destination_type=queue destination=suite properties_key=a.%23
delete binding source=xa destination_type=exchange destination=xb properties_key=k
delete binding source=xa destination_type=queue destination=suite properties_key=none
delete exchange name=xb
delete exchange name=nothing
delete policy name=p
delete operator_policy name=op
delete vhost_limit vhost=dev name=max-queues
delete permission vhost=/ user=hazel
delete user name=hazel
delete vhost name=dev
delete vhost name=nothing
delete queue name=other
delete queue name=suite
delete queue name=suite
delete exchange name=xa
""".strip().splitlines()]

V2 = [line.split() for line in f"""
show overview
show churn
list nodes
plugins list_all
show memory_breakdown_in_bytes --node NODE
nodes memory_breakdown_in_bytes --node NODE
declare vhost --name dev
declare user --name hazel --password down --tags monitoring
declare permissions --user hazel --configure .* --read .* --write .*
declare queue --name suite --type classic --durable true
declare queue --name suite --type classic --durable true
declare queue --name suite --type quorum --durable true
declare queue --name other --type quorum
declare exchange --name xa --type topic
declare exchange --name xb --type fanout
declare exchange --name xa --type direct
declare binding --source xa --destination suite --destination-type queue --routing-key a.#
declare binding --source xa --destination xb --destination-type exchange --routing-key k
declare binding --source nothing --destination suite --destination-type queue --routing-key k
declare policy --name p --pattern ^suite --apply-to queues --priority 1 --definition {{"max-length":5}}
declare operator_policy --name op --pattern ^suite --apply-to queues --priority 1 --definition {{"max-length":5}}
declare vhost_limit --name max-queues --value 100
declare user_limit --user hazel --name max-connections --value 100
publish message --exchange xa --routing-key a.b --payload hello
publish message --routing-key suite --payload hello --properties {{"delivery_mode":2}}
publish message --exchange nothing --routing-key a.b --payload hello
get messages --queue suite
get messages --queue suite --count 5 --ack-mode ack_requeue_false
get messages --queue nothing
list vhosts
list users
list permissions
list connections
list user_connections --username guest
list channels
list consumers
list queues
list queues --page 1 --page-size 10
list exchanges
list bindings
list policies
list operator_policies
list vhost_limits
list user_limits
list parameters --component federation-upstream
list feature_flags
list deprecated_features
queues show --name suite
queues list
exchanges list
bindings list
health_check local_alarms
health_check cluster_wide_alarms
health_check node_is_quorum_critical
health_check port_listener --port AMQP-PORT
health_check port_listener --port 1
health_check protocol_listener --protocol amqp
auth_attempts stats --node NODE
definitions export --file {FILE}
definitions import --file {FILE}
definitions export_from_vhost --file {FILE}
definitions import_into_vhost --file {FILE}
global_parameters list
purge queue --name suite
purge queue --name nothing
close connection --name CONNECTION
close user_connections --username nobody
delete binding --source xa --destination suite --destination-type queue --routing-key a.# --arguments {{}}
delete binding --source xa --destination suite --destination-type queue --routing-key none --arguments {{}}
delete policy --name p
delete operator_policy --name op
delete vhost_limit --name max-queues
delete user_limit --user hazel --name max-connections
delete permissions --user hazel
delete user --name hazel
delete vhost --name dev
delete queue --name other
delete queue --name suite
delete queue --name suite
delete queue --name suite --idempotently
delete exchange --name xa
delete exchange --name xb
delete exchange --name nothing
""".strip().splitlines()]


def keys(value, under=""):
    """All keys of a JSON value, by their path; of lists those of all items."""
    if isinstance(value, list):
        return set().union(*(keys(item, under) for item in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, inner in value.items():
        if key in FOREIGN or under.endswith(("arguments", "definition", "client_properties", "headers")):
            continue
        found |= {f"{under}/{key}"} | keys(inner, f"{under}/{key}")
    return found


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def compare(tool, words, ours, theirs):
    """What is different, in words."""
    (our_exit, our_out, our_err), (their_exit, their_out, their_err) = ours, theirs
    if our_exit != their_exit:
        text = (our_err if our_exit else their_err).strip() or (our_out if our_exit else their_out).strip()
        return f"exit code {our_exit}, RabbitMQ's {their_exit}: {' '.join(text.split())[-300:]}"
    if tool.kind == 1 and parsed(their_out) is not None:
        missing = keys(parsed(their_out)) - keys(parsed(our_out))
        if missing:
            return f"keys missing: {' '.join(sorted(missing))}"
    return None


def main():
    our_amqp, our_http, their_amqp, their_http = sys.argv[1:5]
    v1, v2 = (sys.argv[5:] + ["", ""])[:2]
    sides = [Side("ours", our_amqp, our_http), Side("RabbitMQ", their_amqp, their_http)]
    failed = total = 0
    for kind, path, commands in [(1, [sys.executable, v1] if v1 else None, V1), (2, [v2] if v2 else None, V2)]:
        if path is None:
            print(f"-- rabbitmqadmin v{kind}: skipped, not to be had")
            continue
        tool, peers = Tool(kind, path), []
        for words in commands:
            if words[:2] == ["list", "connections"]:
                peers = [Peer(side.amqp, "suite") for side in sides]
                # RabbitMQ tells of connections, channels and consumers some seconds later.
                for side in sides:
                    until(lambda: all(side.get(kind) for kind in ["connections", "channels", "consumers"]))
            results = [side.run(tool, words) for side in sides]
            total += 1
            line, different = " ".join(words), compare(tool, words, *results)
            told = TOLD.get((kind, line))
            if different and told:
                print(f"-- v{kind} {line}: {told}")
            elif different:
                failed += 1
                print(f"!! v{kind} {line}: {different}")
            elif told:
                failed += 1
                print(f"!! v{kind} {line}: told as different, and is the same")
        del peers
    print(f"rabbitmqadmin: {total} commands, {failed} different")
    sys.exit(1 if failed else 0)


def until(holds):
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "nothing is listed"
        time.sleep(0.2)


if __name__ == "__main__":
    main()
