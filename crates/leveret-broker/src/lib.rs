//! A durable AMQP 0-9-1 broker, embeddable.
