"""Drives an AMQP broker with pika, as a Python user would. Address: AMQP_URL."""

import datetime
import decimal
import os
import sys
import time
import traceback
import uuid

import pika
import pika.exceptions as errors

URL = os.environ["AMQP_URL"]
EVERY_BYTE = bytes(range(256)) * 8


def connect():
    return pika.BlockingConnection(pika.URLParameters(URL))


def name(kind):
    return f"interop-pika-{kind}-{uuid.uuid4().hex[:8]}"


def drain(channel, queue, wanted):
    """Gets until `wanted` messages came; a broker that is slow has ten seconds."""
    found, end = [], time.monotonic() + 10
    while len(found) < wanted and time.monotonic() < end:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        if method is not None:
            found.append((method, properties, body))
    return found


def declare_and_bind(channel):
    exchange, queue = name("x"), name("q")
    channel.exchange_declare(exchange, "topic", durable=True)
    channel.queue_declare(queue, durable=True)
    channel.queue_bind(queue, exchange, "a.*.c.#")
    channel.confirm_delivery()
    channel.basic_publish(exchange, "a.b.c.d.e", b"yes")
    try:
        channel.basic_publish(exchange, "a.c", b"no", mandatory=True)
        raise AssertionError("an unroutable mandatory message was not returned")
    except errors.UnroutableError as error:
        assert error.messages[0].body == b"no"
    assert [body for _, _, body in drain(channel, queue, 1)] == [b"yes"]
    channel.queue_unbind(queue, exchange, "a.*.c.#")
    channel.exchange_delete(exchange)
    assert channel.queue_delete(queue).method.message_count == 0


def confirms(channel):
    queue = channel.queue_declare("", exclusive=True).method.queue
    assert queue.startswith("amq.gen-"), queue
    channel.confirm_delivery()
    for number in range(200):
        channel.basic_publish("", queue, str(number).encode(),
                              pika.BasicProperties(delivery_mode=2), mandatory=True)
    state = channel.queue_declare(queue, passive=True)
    assert state.method.message_count == 200, state


def consume_and_ack(channel):
    queue = channel.queue_declare(name("q"), durable=True).method.queue
    for number in range(50):
        channel.basic_publish("", queue, str(number).encode())
    channel.basic_qos(prefetch_count=5)
    seen = []
    for method, _, body in channel.consume(queue, inactivity_timeout=10):
        assert method is not None, f"only {seen} came"
        seen.append(int(body))
        channel.basic_ack(method.delivery_tag)
        if len(seen) == 50:
            break
    assert seen == list(range(50)), seen
    assert channel.cancel() == 0
    assert channel.queue_delete(queue).method.message_count == 0


def redelivery(channel):
    queue = channel.queue_declare(name("q")).method.queue
    for number in range(3):
        channel.basic_publish("", queue, str(number).encode())
    first, _, body = channel.basic_get(queue)
    assert (body, first.redelivered) == (b"0", False)
    channel.basic_nack(first.delivery_tag, requeue=True)
    again, _, body = channel.basic_get(queue)
    assert (body, again.redelivered) == (b"0", True)
    channel.basic_reject(again.delivery_tag, requeue=False)
    assert [body for _, _, body in drain(channel, queue, 2)] == [b"1", b"2"]
    channel.queue_delete(queue)


def dead_letters(channel):
    dead = channel.queue_declare(name("dead")).method.queue
    queue = channel.queue_declare(name("q"), arguments={
        "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}).method.queue
    channel.basic_publish("", queue, EVERY_BYTE)
    method, _, _ = channel.basic_get(queue)
    channel.basic_reject(method.delivery_tag, requeue=False)
    (_, properties, body), = drain(channel, dead, 1)
    assert body == EVERY_BYTE
    death = properties.headers["x-death"][0]
    assert (death["queue"], death["reason"], death["count"]) == (queue, "rejected", 1), death
    channel.queue_delete(queue)
    channel.queue_delete(dead)


def transactions(channel):
    source = channel.queue_declare(name("in")).method.queue
    target = channel.queue_declare(name("out")).method.queue
    channel.basic_publish("", source, b"work")
    channel.tx_select()
    method, _, _ = channel.basic_get(source)
    channel.basic_publish("", target, b"result")
    channel.basic_ack(method.delivery_tag)
    assert channel.queue_declare(target, passive=True).method.message_count == 0
    channel.tx_rollback()
    assert channel.queue_declare(target, passive=True).method.message_count == 0
    channel.basic_publish("", target, b"result")
    channel.basic_ack(method.delivery_tag)
    channel.tx_commit()
    assert channel.queue_declare(target, passive=True).method.message_count == 1
    channel.queue_delete(target)
    channel.queue_delete(source)
    channel.tx_commit()


def bodies(channel):
    queue = channel.queue_declare(name("q")).method.queue
    sizes = [0, 1, 131_063, 131_064, 131_065, 1_048_576]
    for size in sizes:
        channel.basic_publish("", queue, (EVERY_BYTE * (size // 2048 + 1))[:size])
    found = [body for _, _, body in drain(channel, queue, len(sizes))]
    assert [len(body) for body in found] == sizes
    assert all(body == (EVERY_BYTE * (len(body) // 2048 + 1))[:len(body)] for body in found)
    channel.queue_delete(queue)


def headers_of_every_type(channel):
    queue = channel.queue_declare(name("q")).method.queue
    headers = {
        "bool": True, "int": -5, "long": 2**40, "decimal": decimal.Decimal("3.14"),
        "string": "grüße", "bytes": EVERY_BYTE[:64], "void": None,
        "time": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
        "array": [1, "two", [3, {"four": 4}]], "table": {"nested": {"deeper": [True]}},
    }
    properties = pika.BasicProperties(
        content_type="text/plain", content_encoding="identity", headers=headers, delivery_mode=2,
        priority=3, correlation_id="c", reply_to="r", expiration="60000", message_id="m",
        timestamp=1_700_000_000, type="t", user_id=None, app_id="a")
    channel.basic_publish("", queue, b"x", properties)
    (_, back, _), = drain(channel, queue, 1)
    for field in ("content_type", "content_encoding", "delivery_mode", "priority", "correlation_id",
                  "reply_to", "expiration", "message_id", "timestamp", "type", "app_id"):
        assert getattr(back, field) == getattr(properties, field), field
    for key, value in headers.items():
        assert back.headers[key] == value, (key, back.headers[key], value)
    channel.queue_delete(queue)


def channel_errors(channel):
    connection = channel.connection
    for code, text, act in (
        (404, "NOT_FOUND - no queue 'nope' in vhost '/'",
         lambda c: c.queue_declare("nope", passive=True)),
        (404, "NOT_FOUND - no exchange 'nope' in vhost '/'",
         lambda c: c.queue_bind(c.queue_declare("", exclusive=True).method.queue, "nope")),
        (403, "ACCESS_REFUSED - ", lambda c: c.exchange_declare("amq.mine")),
        (406, "PRECONDITION_FAILED - unknown delivery tag 99",
         lambda c: (c.basic_ack(99), c.queue_declare("", exclusive=True))),
    ):
        other = connection.channel()
        try:
            act(other)
            raise AssertionError(f"{text} did not come")
        except errors.ChannelClosedByBroker as error:
            assert error.reply_code == code, error
            assert error.reply_text.startswith(text), error
    assert channel.is_open


def exclusive_queues(channel):
    queue = channel.queue_declare("", exclusive=True).method.queue
    other = connect()
    try:
        other.channel().queue_declare(queue, passive=True)
        raise AssertionError("another connection saw an exclusive queue")
    except errors.ChannelClosedByBroker as error:
        assert error.reply_code == 405, error
    finally:
        other.close()


def wrong_password(_):
    parameters = pika.URLParameters(URL)
    parameters.credentials = pika.PlainCredentials("guest", "wrong")
    try:
        pika.BlockingConnection(parameters)
        raise AssertionError("a wrong password was taken")
    except errors.ProbableAuthenticationError as error:
        assert "403" in str(error), error


CASES = [declare_and_bind, confirms, consume_and_ack, redelivery, dead_letters, transactions,
         bodies, headers_of_every_type, channel_errors, exclusive_queues, wrong_password]


def main():
    failed = 0
    for case in CASES:
        try:
            connection = connect()
            case(connection.channel())
            connection.close()
            print(f"pika {case.__name__} ... ok", flush=True)
        except Exception:
            failed += 1
            print(f"pika {case.__name__} ... FAILED", flush=True)
            traceback.print_exc()
    print(f"pika {pika.__version__}: {len(CASES) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
