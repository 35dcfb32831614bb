"""Runs a real Celery worker on an AMQP broker: retries, priorities, results. Address: AMQP_URL."""

import os
import subprocess
import sys
import time
import uuid

import celery
import kombu

RUN = os.environ.setdefault("INTEROP_RUN", uuid.uuid4().hex[:8])
PATIENCE = 60

app = celery.Celery("interop", broker=os.environ["AMQP_URL"], backend="rpc://")
app.conf.update(
    task_queues=[kombu.Queue(f"interop-celery-{RUN}", queue_arguments={"x-max-priority": 10})],
    task_default_queue=f"interop-celery-{RUN}",
    task_acks_late=True,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"confirm_publish": True},
    event_queue_prefix=f"interop-celery-events-{RUN}",
    control_exchange=f"interop-celery-control-{RUN}",
)


@app.task(bind=True, name="interop.flaky", max_retries=5)
def flaky(self, wanted):
    """Fails until it was tried so often."""
    if self.request.retries < wanted:
        raise self.retry(countdown=0.1, exc=RuntimeError("not yet"))
    return self.request.retries


@app.task(name="interop.note")
def note(priority):
    return [time.monotonic_ns(), priority]


@app.task(name="interop.add")
def add(one, other):
    return one + other


def priorities():
    """Published before there is a worker, so that the broker alone decides on the order."""
    return [note.apply_async(args=[priority], priority=priority) for priority in (1, 9, 5)]


def main():
    failed = 0

    def check(title, found, wanted):
        nonlocal failed
        failed += found != wanted
        print(f"celery {title} ... {'ok' if found == wanted else f'FAILED: {found}'}", flush=True)

    with app.connection_for_write() as connection:
        app.conf.task_queues[0].bind(connection.default_channel).declare()
    notes = priorities()
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_suite", "worker", "--concurrency", "1", "--loglevel", "error"],
        cwd=os.path.dirname(os.path.abspath(__file__)), stdout=subprocess.DEVNULL)
    try:
        times = sorted(result.get(timeout=PATIENCE) for result in notes)
        check("tasks by priority", [priority for _, priority in times], [9, 5, 1])
        check("a result", add.delay(2, 3).get(timeout=PATIENCE), 5)
        check("retries", flaky.delay(3).get(timeout=PATIENCE), 3)
        group = celery.group(add.s(number, number) for number in range(20))
        check("a group", group.apply_async().get(timeout=PATIENCE), [2 * n for n in range(20)])
    finally:
        worker.terminate()
        worker.wait(PATIENCE)
    with app.connection_for_write() as connection:
        queue = app.conf.task_queues[0].bind(connection.default_channel)
        check("all acknowledged", queue.queue_declare(passive=True).message_count, 0)
        queue.delete()
    print(f"celery {celery.__version__}, kombu {kombu.__version__}: {5 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
