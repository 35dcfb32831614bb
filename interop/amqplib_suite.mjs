// Drives an AMQP broker with amqplib, as a Node user would. Address: AMQP_URL.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import amqp from 'amqplib';

const url = process.env.AMQP_URL;
const everyByte = Buffer.from(Array.from({ length: 2048 }, (_, i) => i % 256));
const name = (kind) => `interop-amqplib-${kind}-${randomUUID().slice(0, 8)}`;

async function next(channel, queue) {
  const end = Date.now() + 10_000;
  while (Date.now() < end) {
    const message = await channel.get(queue, { noAck: true });
    if (message) return message;
  }
  throw new Error(`nothing came from ${queue}`);
}

const cases = {
  async 'topic routing and returns'(connection) {
    const channel = await connection.createConfirmChannel();
    const exchange = name('x');
    await channel.assertExchange(exchange, 'topic', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, '#.error');
    const returned = new Promise((resolve) => channel.once('return', resolve));
    channel.publish(exchange, 'app.db.error', Buffer.from('seen'));
    channel.publish(exchange, 'app.db.info', Buffer.from('back'), { mandatory: true });
    await channel.waitForConfirms();
    assert.equal((await returned).content.toString(), 'back');
    assert.equal((await next(channel, queue)).content.toString(), 'seen');
    await channel.deleteExchange(exchange);
  },

  async 'a window of confirms'(connection) {
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue(name('q'), { durable: true });
    for (let i = 0; i < 500; i += 1) {
      channel.sendToQueue(queue, Buffer.from(String(i)), { persistent: true });
    }
    await channel.waitForConfirms();
    assert.equal((await channel.checkQueue(queue)).messageCount, 500);
    assert.equal((await channel.purgeQueue(queue)).messageCount, 500);
    await channel.deleteQueue(queue);
  },

  async 'consume with prefetch, ack up to'(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue(name('q'));
    for (let i = 0; i < 100; i += 1) channel.sendToQueue(queue, Buffer.from(String(i)));
    await channel.prefetch(10);
    const seen = [];
    await new Promise((resolve) => {
      channel.consume(queue, (message) => {
        // The end of the queue is told as null.
        if (message === null) return;
        seen.push(Number(message.content));
        if (seen.length % 10 === 0) channel.ack(message, true);
        if (seen.length === 100) resolve();
      });
    });
    assert.deepEqual(seen, Array.from({ length: 100 }, (_, i) => i));
    assert.equal((await channel.deleteQueue(queue)).messageCount, 0);
  },

  async 'unacked messages come back when the channel closes'(connection) {
    const first = await connection.createChannel();
    const { queue } = await first.assertQueue(name('q'));
    first.sendToQueue(queue, Buffer.from('kept'));
    let message = false;
    while (!message) message = await first.get(queue);
    assert.equal(message.fields.redelivered, false);
    await first.close();
    const second = await connection.createChannel();
    message = await next(second, queue);
    assert.equal(message.fields.redelivered, true);
    await second.deleteQueue(queue);
  },

  async 'bodies pass unchanged'(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    for (const size of [0, 1, 4088, 131_064, 1_048_576]) {
      const body = Buffer.alloc(size, everyByte);
      channel.sendToQueue(queue, body);
      assert.ok((await next(channel, queue)).content.equals(body), `${size} bytes`);
    }
  },

  async 'header tables of every type'(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const headers = {
      yes: true, no: false, byte: 1, short: 300, int: 70_000, long: 2 ** 40, negative: -7,
      double: 0.5, text: 'grüße', nothing: null, list: [1, 'two', { three: 3 }],
      table: { nested: { deeper: ['x'] } },
      typedByte: { '!': 'byte', value: -3 }, typedShort: { '!': 'short', value: -300 },
      typedInt: { '!': 'int', value: 5 }, typedLong: { '!': 'long', value: 6 },
      typedFloat: { '!': 'float', value: 1.25 },
      time: { '!': 'timestamp', value: 1_700_000_000 },
      money: { '!': 'decimal', value: { digits: 314, places: 2 } },
    };
    channel.sendToQueue(queue, Buffer.from('x'), {
      headers, contentType: 'text/plain', contentEncoding: 'identity', priority: 4,
      correlationId: 'c', replyTo: 'r', messageId: 'm', timestamp: 1_700_000_000, type: 't',
      appId: 'a', persistent: true,
    });
    const { properties } = await next(channel, queue);
    for (const key of ['yes', 'no', 'byte', 'short', 'int', 'long', 'negative', 'double', 'text',
      'nothing', 'list', 'table']) {
      assert.deepEqual(properties.headers[key], headers[key], key);
    }
    assert.equal(properties.headers.typedByte, -3);
    assert.equal(properties.headers.typedShort, -300);
    assert.equal(properties.headers.typedFloat, 1.25);
    assert.equal(properties.headers.time.value, 1_700_000_000);
    assert.deepEqual(properties.headers.money.value, { digits: 314, places: 2 });
    for (const [key, value] of Object.entries({ contentType: 'text/plain', priority: 4,
      correlationId: 'c', replyTo: 'r', messageId: 'm', timestamp: 1_700_000_000, type: 't',
      appId: 'a', deliveryMode: 2 })) {
      assert.equal(properties[key], value, key);
    }
  },

  async 'headers exchange, exchange to exchange'(connection) {
    const channel = await connection.createConfirmChannel();
    const [source, target] = [name('source'), name('target')];
    await channel.assertExchange(source, 'fanout');
    await channel.assertExchange(target, 'headers');
    await channel.bindExchange(target, source, '');
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, target, '', { 'x-match': 'all', kind: 'mail', size: 3 });
    channel.publish(source, '', Buffer.from('no'), { headers: { kind: 'mail' } });
    channel.publish(source, '', Buffer.from('yes'), { headers: { kind: 'mail', size: 3 } });
    await channel.waitForConfirms();
    assert.equal((await next(channel, queue)).content.toString(), 'yes');
    assert.equal(await channel.get(queue, { noAck: true }), false);
    await channel.deleteExchange(target);
    await channel.deleteExchange(source);
  },

  async 'dead letters'(connection) {
    const channel = await connection.createChannel();
    const dead = await channel.assertQueue(name('dead'));
    const { queue } = await channel.assertQueue(name('q'), {
      deadLetterExchange: '', deadLetterRoutingKey: dead.queue,
    });
    channel.sendToQueue(queue, everyByte, { headers: { mine: 1 } });
    let message = false;
    while (!message) message = await channel.get(queue);
    channel.nack(message, false, false);
    const letter = await next(channel, dead.queue);
    assert.ok(letter.content.equals(everyByte));
    assert.equal(letter.properties.headers.mine, 1);
    assert.equal(letter.properties.headers['x-death'][0].reason, 'rejected');
    assert.equal(letter.properties.headers['x-first-death-queue'], queue);
    await channel.deleteQueue(queue);
    await channel.deleteQueue(dead.queue);
  },

  async 'an error costs one channel'(connection) {
    const bad = await connection.createChannel();
    const failed = new Promise((resolve) => bad.once('error', resolve));
    await assert.rejects(bad.checkQueue('nope'), /404 \(NOT-FOUND\)|404/);
    assert.equal((await failed).code, 404);
    const good = await connection.createChannel();
    await good.assertQueue('', { exclusive: true });
  },

  async 'a consumer is told when its queue goes'(connection) {
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue(name('q'));
    const told = new Promise((resolve) => {
      channel.consume(queue, (message) => message === null && resolve());
    });
    await channel.checkQueue(queue);
    await channel.deleteQueue(queue);
    await told;
  },

  async 'a wrong password is refused'() {
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await assert.rejects(amqp.connect(wrong.toString()), /ACCESS_REFUSED|403/);
  },
};

let failed = 0;
for (const [title, run] of Object.entries(cases)) {
  const connection = await amqp.connect(url);
  connection.on('error', () => {});
  try {
    await run(connection);
    console.log(`amqplib ${title} ... ok`);
  } catch (error) {
    failed += 1;
    console.log(`amqplib ${title} ... FAILED\n${error.stack}`);
  } finally {
    await connection.close().catch(() => {});
  }
}
console.log(`amqplib: ${Object.keys(cases).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
