"""Drives an AMQP broker with py-amqplib, which speaks AMQP 0-8. Address: AMQP_URL."""

import os
import sys
import urllib.parse
import uuid

import amqplib.client_0_8 as amqp

URL = urllib.parse.urlparse(os.environ["AMQP_URL"])


def name(kind):
    return f"interop-amqplib-{kind}-{uuid.uuid4().hex[:8]}"


def connect():
    return amqp.Connection(
        host=f"{URL.hostname}:{URL.port}", userid=URL.username, password=URL.password,
        virtual_host=urllib.parse.unquote(URL.path[1:]) or "/", insist=False)


def publish_and_get(channel):
    exchange, queue = name("x"), name("q")
    channel.exchange_declare(exchange, "direct", durable=True, auto_delete=False)
    channel.queue_declare(queue, durable=True, exclusive=False, auto_delete=False)
    channel.queue_bind(queue, exchange, routing_key="key")
    headers = {"number": 7, "text": "seven"}
    message = amqp.Message("body", content_type="text/plain", delivery_mode=2, application_headers=headers)
    channel.basic_publish(message, exchange, "key")
    got = channel.basic_get(queue)
    assert got.body == "body" and got.application_headers == headers, (got.body, got.properties)
    channel.basic_ack(got.delivery_tag)
    assert channel.basic_get(queue) is None
    channel.queue_delete(queue)
    channel.exchange_delete(exchange)


def consume_and_ack(channel):
    queue, _, _ = channel.queue_declare(name("q"), exclusive=True)
    for number in range(30):
        channel.basic_publish(amqp.Message(str(number)), "", queue)
    channel.basic_qos(prefetch_size=0, prefetch_count=5, a_global=False)
    seen = []

    def take(message):
        seen.append(int(message.body))
        channel.basic_ack(message.delivery_tag)

    tag = channel.basic_consume(queue, callback=take)
    while len(seen) < 30:
        channel.wait()
    assert seen == list(range(30)), seen
    channel.basic_cancel(tag)


def large_bodies(channel):
    queue, _, _ = channel.queue_declare("", exclusive=True)
    body = "\u00e9\u20ac" * 500_000
    channel.basic_publish(amqp.Message(body, content_encoding="utf-8"), "", queue)
    assert channel.basic_get(queue, no_ack=True).body == body


def transactions(channel):
    queue, _, _ = channel.queue_declare("", exclusive=True)
    channel.tx_select()
    channel.basic_publish(amqp.Message("gone"), "", queue)
    channel.tx_rollback()
    channel.basic_publish(amqp.Message("kept"), "", queue)
    channel.tx_commit()
    assert channel.basic_get(queue).body == "kept"
    assert channel.basic_get(queue) is None
    channel.tx_commit()


def errors_close_the_channel(channel):
    try:
        channel.queue_declare(name("missing"), passive=True)
        raise AssertionError("a missing queue was found")
    except amqp.AMQPChannelException as error:
        assert error.amqp_reply_code == 404, error


CASES = [publish_and_get, consume_and_ack, large_bodies, transactions, errors_close_the_channel]


def main():
    failed = 0
    for case in CASES:
        connection = connect()
        try:
            case(connection.channel())
            print(f"py-amqplib {case.__name__} ... ok", flush=True)
        except Exception as error:
            failed += 1
            print(f"py-amqplib {case.__name__} ... FAILED: {error!r}", flush=True)
        connection.close()
    print(f"py-amqplib (AMQP 0-8): {len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
