"""A Leveret worker in Python, without dependencies. The protocol: docs/worker-protocol.md.

    from leveret_worker import Output, Retry, run

    def handle(message):
        return Output("mails", "mail.sent", message.body.upper())

    run(handle)

`handle` returns nothing, an Output, a Reply, or a list of them. It raises Retry, Reject or
DeadLetter; any other exception is tried again. With long work in hand, call message.heartbeat().
"""
import json
import os
import struct
import sys
import traceback


class Reject(Exception):
    """Not wanted: dropped, or dead-lettered by the queue."""
    outcome = "reject"


class DeadLetter(Exception):
    """Trying again gives the same."""
    outcome = "dead-letter"


class Retry(Exception):
    """Try again, after some seconds if told so."""
    outcome = "retry"

    def __init__(self, reason="", after=None):
        super().__init__(reason)
        self.after = after


class Reply:
    """The answer to whoever asked."""

    def __init__(self, body, content_type=None, headers=None):
        self.body = body.encode() if isinstance(body, str) else bytes(body)
        self.told = {"body_bytes": len(self.body), "content_type": content_type, "headers": headers}


class Output(Reply):
    """A message to publish."""

    def __init__(self, exchange, routing_key, body, content_type=None, headers=None, **properties):
        super().__init__(body, content_type, headers)
        self.told.update(properties, exchange=exchange, routing_key=routing_key)


class Message:
    """A message: its body, and what is known of it besides."""

    def __init__(self, body, metadata, heartbeat):
        self.body, self.metadata, self.heartbeat = body, metadata, heartbeat
        self.properties = metadata["properties"]
        self.headers = self.properties.get("headers", {})
        self.exchange = metadata["delivery_info"]["exchange"]
        self.routing_key = metadata["delivery_info"]["routing_key"]

    def json(self):
        return json.loads(self.body)


def _read(pipe):
    head = pipe.read(8)
    said_bytes, payload_bytes = struct.unpack(">II", head) if len(head) == 8 else (1, 0)
    said, payload = pipe.read(said_bytes), pipe.read(payload_bytes)
    is_whole = len(said) == said_bytes and len(payload) == payload_bytes
    return (json.loads(said), payload) if is_whole else (None, b"")


def _write(pipe, said, payload=b""):
    said = json.dumps(said).encode()
    pipe.write(struct.pack(">II", len(said), len(payload)) + said + payload)
    pipe.flush()


def _result(handle, message, number):
    try:
        given = handle(message)
    except Exception as error:
        if not hasattr(error, "outcome"):
            traceback.print_exc()
        reason, after = f"{type(error).__name__}: {error}"[:1000], getattr(error, "after", None)
        outcome = getattr(error, "outcome", "retry")
        told = {"type": "result", "id": number, "outcome": outcome, "reason": reason}
        return told if after is None else {**told, "after_ms": int(after * 1000)}, b""
    given = [] if given is None else given if isinstance(given, list) else [given]
    outputs = [one for one in given if isinstance(one, Output)]
    replies = [one for one in given if not isinstance(one, Output)][:1]
    told = {"type": "result", "id": number, "outcome": "ack", "outputs": [one.told for one in outputs]}
    if replies:
        told["reply"] = replies[0].told
    return told, b"".join(one.body for one in outputs + replies)


def run(handle):
    """Handles messages until there are no more."""
    frames_in, frames_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What is printed goes to the log, not between frames, and nobody else reads frames.
    os.dup2(2, 1), os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout = sys.stderr
    while True:
        said, body = _read(frames_in)
        if said is None or said["type"] == "drain":
            return
        if said["type"] == "hello":
            _write(frames_out, {"type": "hello", "version": 1})
        elif said["type"] == "ping":
            _write(frames_out, {"type": "heartbeat"})
        elif said["type"] == "message":
            message = Message(body, said["metadata"], lambda: _write(frames_out, {"type": "heartbeat"}))
            _write(frames_out, *_result(handle, message, said["id"]))
