"""Greets whoever a message names."""

from leveret_worker import Output, run


def greet(message):
    return Output("people", "greeted", b"Hello, " + message.body)


run(greet)
