// A Leveret worker for Node, without dependencies. The protocol: docs/worker-protocol.md.
//
//   import { output, run } from "./leveret-worker.mjs";
//
//   run(async (message) => output("mails", "mail.sent", message.body.toString().toUpperCase()));
//
// The function returns nothing, an output(), a reply(), or an array of them. It throws Retry,
// Reject or DeadLetter; any other error is tried again. With long work in hand, call
// message.heartbeat().
import { writeSync } from "node:fs";

const VERSION = 1;

export class Retry extends Error {
  outcome = "retry";
  constructor(reason = "", afterMs = undefined) {
    super(reason);
    this.after_ms = afterMs;
  }
}

export class Reject extends Error {
  outcome = "reject";
}

export class DeadLetter extends Error {
  outcome = "dead-letter";
}

// The answer to whoever asked.
export function reply(body, properties = {}) {
  return { body: Buffer.from(body), properties };
}

// A message to publish. Properties: content_type, headers, kind, message_id, correlation_id, priority.
export function output(exchange, routing_key, body, properties = {}) {
  return { body: Buffer.from(body), properties: { ...properties, exchange, routing_key } };
}

function writeAll(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function write(said, payload = Buffer.alloc(0)) {
  const json = Buffer.from(JSON.stringify(said));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(json.length, 0);
  head.writeUInt32BE(payload.length, 4);
  writeAll(Buffer.concat([head, json, payload]));
}

async function* frames() {
  let held = [], size = 0;
  const take = (count) => {
    const all = Buffer.concat(held, size);
    held = [all.subarray(count)];
    size -= count;
    return all.subarray(0, count);
  };
  for await (const chunk of process.stdin) {
    held.push(chunk);
    size += chunk.length;
    while (size >= 8) {
      const head = (held[0].length >= 8 ? held[0] : (held = [Buffer.concat(held, size)])[0]);
      const jsonBytes = head.readUInt32BE(0), payloadBytes = head.readUInt32BE(4);
      if (size < 8 + jsonBytes + payloadBytes) break;
      take(8);
      yield [JSON.parse(take(jsonBytes)), take(payloadBytes)];
    }
  }
}

async function result(handle, message, id) {
  try {
    const given = [(await handle(message)) ?? []].flat();
    const isOutput = (one) => "routing_key" in one.properties;
    const outputs = given.filter(isOutput);
    const replies = given.filter((one) => !isOutput(one)).slice(0, 1);
    const told = (one) => ({ ...one.properties, body_bytes: one.body.length });
    const said = { type: "result", id, outcome: "ack", outputs: outputs.map(told) };
    if (replies.length > 0) said.reply = told(replies[0]);
    return [said, Buffer.concat([...outputs, ...replies].map((one) => one.body))];
  } catch (error) {
    const { outcome, after_ms } = error ?? {};
    if (!outcome) console.error(error);
    const reason = `${error?.name}: ${error?.message}`.slice(0, 1000);
    return [{ type: "result", id, outcome: outcome ?? "retry", reason, after_ms }, undefined];
  }
}

// Handles messages until there are no more.
export async function run(handle) {
  // What is printed goes to the log, not between frames.
  console.log = console.info = console.debug = console.error;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const heartbeat = () => write({ type: "heartbeat" });
  for await (const [said, body] of frames()) {
    if (said.type === "hello") write({ type: "hello", version: VERSION });
    else if (said.type === "ping") heartbeat();
    else if (said.type === "drain") break;
    else if (said.type === "message") {
      const { properties, delivery_info } = said.metadata;
      const message = { body, metadata: said.metadata, properties, headers: properties.headers ?? {}, ...delivery_info, heartbeat };
      write(...(await result(handle, message, said.id)));
    }
  }
  process.exit(0);
}
