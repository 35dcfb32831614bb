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

# Keys of RabbitMQ that no other broker has, by what they are of. Only whole keys are meant; their rates go with them.
FOREIGN = {
    "Erlang": "reductions garbage_collection pid owner_pid hibernating context_switches gc_num gc_bytes_reclaimed"
              " metrics_gc_queue_length socket_opts cowboy_opts ssl_opts user_who_performed_action",
    "mirrors and Mnesia": "recoverable_slaves slave_nodes synchronised_slave_nodes node_persisted mnesia_ram_tx_count"
                          " mnesia_disk_tx_count",
    "its storage": "backing_queue_status message_bytes_dlx messages_dlx storage_version disk_reads disk_writes"
                   " io_read_avg_time io_read_bytes io_read_count io_reopen_count io_seek_avg_time io_seek_count"
                   " io_sync_avg_time io_sync_count io_write_avg_time io_write_bytes io_write_count"
                   " msg_store_read_count msg_store_write_count queue_index_read_count queue_index_write_count"
                   " ra_open_file_metrics",
    "its TLS library": "ssl_hash ssl_key_exchange",
}
FOREIGN = {key for keys in FOREIGN.values() for key in keys.split()}
FOREIGN |= {f"{key}_details" for key in FOREIGN}

# Keys that are missing in the answer to one command, with version 1: command -> (keys, why).
MISSING = {
    "list vhosts": ("/recv_oct /recv_oct_details /recv_oct_details/rate /send_oct /send_oct_details /send_oct_details/rate",
                    "bytes are counted for each connection, and for none that is closed"),
    "list parameters": ("/value/apply-to /value/definition /value/pattern /value/priority",
                        "RabbitMQ 3.10 lists operator policies as parameters, too; here they are policies alone"),
}

# Where RabbitMQ 3.10 fails: (version of the tool, command) -> why.
TOLD = {
    (2, "list nodes"): "the tool wants `being_drained`, which 3.10 does not tell",
    (2, "plugins list_all"): "the tool lists nodes for it",
    (2, "show memory_breakdown_in_bytes --node NODE"): "the tool wants parts of memory that 3.10 does not tell apart",
    (2, "nodes memory_breakdown_in_bytes --node NODE"): "the tool wants parts of memory that 3.10 does not tell apart",
    (2, "list consumers"): "the tool wants `consumer_timeout`, which 3.10 does not tell",
    (2, "list deprecated_features"): "3.10 has no list of deprecated features",
}


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


def keys(value, node, under=""):
    """All keys of a JSON value, by their path; of lists those of all items. The node's name is a key in some places."""
    if isinstance(value, list):
        return set().union(*(keys(item, node, under) for item in value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, inner in value.items():
        if key in FOREIGN or under.endswith(("arguments", "definition", "client_properties", "headers")):
            continue
        path = f"{under}/{'NODE' if key == node else key}"
        found |= {path} | keys(inner, node, path)
    return found


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def compare(tool, line, nodes, ours, theirs):
    """What is different, in words: its kind, `told` or `new`, and what it is."""
    (our_exit, our_out, our_err), (their_exit, their_out, their_err) = ours, theirs
    if our_exit != their_exit:
        told = TOLD.get((tool.kind, line)) if our_exit == 0 else None
        text = (our_err if our_exit else their_err).strip() or (our_out if our_exit else their_out).strip()
        return told or f"exit code {our_exit}, RabbitMQ's {their_exit}: {' '.join(text.split())[-300:]}", bool(told)
    if (tool.kind, line) in TOLD:
        return f"told as different, and both end with {our_exit}", False
    if tool.kind == 1 and our_exit == 0 and parsed(their_out) is not None:
        if parsed(our_out) is None:
            return f"no JSON: {our_out[:300]}", False
        missing = keys(parsed(their_out), nodes[1]) - keys(parsed(our_out), nodes[0])
        told, why = MISSING.get(line, ("", ""))
        new = missing - set(told.split())
        if new:
            return f"keys missing: {' '.join(sorted(new))}", False
        if missing:
            return why, True
    return None, False


def has(side, path, wanted):
    """Whether what is at a path, or each thing that is listed there, has those keys."""
    found = side.get(path)
    items = found if isinstance(found, list) else [found]
    return bool(items) and all(key in item for item in items for key in wanted)


# RabbitMQ counts some seconds later; what both are asked for is there by then. Command -> what must be told first.
SETTLED = {
    "list queues": [
        ("queues/%2F/suite", ["idle_since", "message_stats", "memory"]), ("queues/%2F/other", ["open_files"]),
    ],
    "list connections": [
        ("connections", ["recv_oct_details"]), ("channels", ["connection_details"]), ("consumers", ["consumer_tag"]),
    ],
    "list channels": [("channels", ["idle_since", "message_stats"])],
    "list vhosts": [("vhosts/%2F", ["message_stats", "messages_details"])],
    "list nodes": [("nodes", ["mem_used_details", "queue_declared_details"])],
}


def settle(sides, line):
    for side in sides:
        for path, wanted in SETTLED.get(line, []):
            until(lambda: has(side, path, wanted), f"{side.name}: {path} has no {', '.join(wanted)}")


def main():
    our_amqp, our_http, their_amqp, their_http = sys.argv[1:5]
    v1, v2 = (sys.argv[5:] + ["", ""])[:2]
    sides = [Side("ours", our_amqp, our_http), Side("RabbitMQ", their_amqp, their_http)]
    nodes = [side.get("overview")["node"] for side in sides]
    same = told = failed = 0
    for kind, path, commands in [(1, [sys.executable, v1] if v1 else None, V1), (2, [v2] if v2 else None, V2)]:
        if path is None:
            print(f"-- rabbitmqadmin v{kind}: skipped, not to be had")
            continue
        tool, peers = Tool(kind, path), []
        for words in commands:
            line = " ".join(words)
            if line == "list connections":
                peers = [Peer(side.amqp, "suite") for side in sides]
            # What version 2 prints for people is not compared, so nothing needs to be there in time.
            if kind == 1 or line == "list connections":
                settle(sides, line)
            different, is_told = compare(tool, line, nodes, *[side.run(tool, words) for side in sides])
            if different is None:
                same += 1
            elif is_told:
                told += 1
                print(f"-- v{kind} {line}: {different}")
            else:
                failed += 1
                print(f"!! v{kind} {line}: {different}")
        for peer in peers:
            peer.socket.close()
        # Version 2 closes a connection, too: not one that is on its way out.
        for side in sides:
            until(lambda: not side.get("connections"), f"{side.name}: a connection stays")
    print(f"rabbitmqadmin: {same + told + failed} commands, {same} the same, {told} told as different, {failed} different")
    sys.exit(1 if failed else 0)


def until(holds, what):
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.2)


if __name__ == "__main__":
    main()
