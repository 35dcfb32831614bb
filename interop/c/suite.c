/* Drives an AMQP broker with librabbitmq, as a C user would. Address: AMQP_URL. */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static amqp_connection_state_t connection;
static int failed;

static void check(int ok, const char *what) {
  if (!ok) {
    printf("FAILED %s\n", what);
    failed++;
  }
}

static void answered(const char *what) {
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
  check(reply.reply_type == AMQP_RESPONSE_NORMAL, what);
}

static amqp_bytes_t queue_declare(amqp_channel_t channel, amqp_table_t arguments) {
  amqp_queue_declare_ok_t *ok =
      amqp_queue_declare(connection, channel, amqp_empty_bytes, 0, 0, 1, 1, arguments);
  answered("queue.declare");
  return ok ? amqp_bytes_malloc_dup(ok->queue) : amqp_empty_bytes;
}

static void publish(amqp_channel_t channel, amqp_bytes_t queue, int mandatory, amqp_bytes_t body) {
  amqp_basic_properties_t properties;
  memset(&properties, 0, sizeof properties);
  properties._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG;
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  properties.content_type = amqp_cstring_bytes("text/plain");
  int sent = amqp_basic_publish(connection, channel, amqp_empty_bytes, queue, mandatory, 0, &properties, body);
  check(sent == AMQP_STATUS_OK, "basic.publish");
}

/* Waits for a method on the channel. */
static int awaited(amqp_channel_t channel, amqp_method_number_t method) {
  struct timeval patience = {20, 0};
  amqp_frame_t frame;
  while (amqp_simple_wait_frame_noblock(connection, &frame, &patience) == AMQP_STATUS_OK) {
    if (frame.frame_type == AMQP_FRAME_METHOD && frame.channel == channel && frame.payload.method.id == method)
      return 1;
  }
  return 0;
}

static void consume_and_ack(void) {
  amqp_channel_open(connection, 1);
  answered("channel.open");
  amqp_bytes_t queue = queue_declare(1, amqp_empty_table);
  char body[100000];
  memset(body, 206, sizeof body); /* the frame end octet, and more than one frame of it */
  amqp_bytes_t bytes = {sizeof body, body};
  for (int number = 0; number < 20; number++) publish(1, queue, 0, bytes);
  amqp_basic_qos(connection, 1, 0, 5, 0);
  answered("basic.qos");
  amqp_basic_consume(connection, 1, queue, amqp_cstring_bytes("eater"), 0, 0, 0, amqp_empty_table);
  answered("basic.consume");
  struct timeval patience = {20, 0};
  for (int number = 0; number < 20; number++) {
    amqp_envelope_t envelope;
    amqp_maybe_release_buffers(connection);
    amqp_rpc_reply_t reply = amqp_consume_message(connection, &envelope, &patience, 0);
    check(reply.reply_type == AMQP_RESPONSE_NORMAL, "delivery");
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) break;
    check(envelope.message.body.len == sizeof body &&
              memcmp(envelope.message.body.bytes, body, sizeof body) == 0, "the body changed");
    check(amqp_basic_ack(connection, 1, envelope.delivery_tag, 0) == AMQP_STATUS_OK, "basic.ack");
    amqp_destroy_envelope(&envelope);
  }
  amqp_basic_cancel(connection, 1, amqp_cstring_bytes("eater"));
  answered("basic.cancel");
  amqp_queue_delete_ok_t *deleted = amqp_queue_delete(connection, 1, queue, 0, 0);
  check(deleted && deleted->message_count == 0, "all was acknowledged");
  amqp_channel_close(connection, 1, AMQP_REPLY_SUCCESS);
}

static void confirms_and_returns(void) {
  amqp_channel_open(connection, 2);
  amqp_bytes_t queue = queue_declare(2, amqp_empty_table);
  amqp_confirm_select(connection, 2);
  answered("confirm.select");
  publish(2, queue, 1, amqp_cstring_bytes("safe"));
  check(awaited(2, AMQP_BASIC_ACK_METHOD), "a confirm");
  publish(2, amqp_cstring_bytes("interop-c-nowhere"), 1, amqp_cstring_bytes("back"));
  check(awaited(2, AMQP_BASIC_RETURN_METHOD), "a return");
  amqp_message_t message;
  amqp_read_message(connection, 2, &message, 0);
  check(message.body.len == 4 && memcmp(message.body.bytes, "back", 4) == 0, "the returned body");
  amqp_destroy_message(&message);
  check(awaited(2, AMQP_BASIC_ACK_METHOD), "a confirm after the return");
  amqp_channel_close(connection, 2, AMQP_REPLY_SUCCESS);
}

static void priorities(void) {
  amqp_channel_open(connection, 3);
  amqp_table_entry_t entry = {amqp_cstring_bytes("x-max-priority"), {AMQP_FIELD_KIND_I32, {.i32 = 10}}};
  amqp_table_t arguments = {1, &entry};
  amqp_bytes_t queue = queue_declare(3, arguments);
  for (uint8_t priority = 1; priority <= 9; priority += 4) {
    amqp_basic_properties_t properties;
    memset(&properties, 0, sizeof properties);
    properties._flags = AMQP_BASIC_PRIORITY_FLAG;
    properties.priority = priority;
    amqp_basic_publish(connection, 3, amqp_empty_bytes, queue, 0, 0, &properties, amqp_cstring_bytes("x"));
  }
  for (uint8_t wanted = 9; wanted >= 1; wanted -= 4) {
    amqp_rpc_reply_t reply = amqp_basic_get(connection, 3, queue, 1);
    check(reply.reply_type == AMQP_RESPONSE_NORMAL && reply.reply.id == AMQP_BASIC_GET_OK_METHOD, "basic.get");
    amqp_message_t message;
    amqp_read_message(connection, 3, &message, 0);
    check(message.properties.priority == wanted, "order by priority");
    amqp_destroy_message(&message);
    if (wanted == 1) break;
  }
  amqp_channel_close(connection, 3, AMQP_REPLY_SUCCESS);
}

static void transactions(void) {
  amqp_channel_open(connection, 4);
  amqp_bytes_t queue = queue_declare(4, amqp_empty_table);
  amqp_tx_select(connection, 4);
  answered("tx.select");
  publish(4, queue, 0, amqp_cstring_bytes("gone"));
  amqp_tx_rollback(connection, 4);
  answered("tx.rollback");
  publish(4, queue, 0, amqp_cstring_bytes("kept"));
  amqp_tx_commit(connection, 4);
  answered("tx.commit");
  amqp_queue_purge_ok_t *purged = amqp_queue_purge(connection, 4, queue);
  check(purged && purged->message_count == 1, "one message was committed");
  amqp_channel_close(connection, 4, AMQP_REPLY_SUCCESS);
}

static void errors(void) {
  amqp_channel_open(connection, 5);
  amqp_queue_declare(connection, 5, amqp_cstring_bytes("interop-c-missing"), 1, 0, 0, 0, amqp_empty_table);
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(connection);
  check(reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD, "404");
  amqp_channel_close_t *close = reply.reply.decoded;
  check(close && close->reply_code == 404, "the code of a missing queue");
  amqp_channel_close_ok_t ok;
  amqp_send_method(connection, 5, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok);
}

int main(void) {
  struct amqp_connection_info info;
  char *url = strdup(getenv("AMQP_URL"));
  if (amqp_parse_url(url, &info) != AMQP_STATUS_OK) return 2;
  connection = amqp_new_connection();
  if (amqp_socket_open(amqp_tcp_socket_new(connection), info.host, info.port) != AMQP_STATUS_OK) return 2;
  amqp_rpc_reply_t login =
      amqp_login(connection, info.vhost, 0, 131072, 60, AMQP_SASL_METHOD_PLAIN, info.user, info.password);
  check(login.reply_type == AMQP_RESPONSE_NORMAL, "login");
  void (*cases[])(void) = {consume_and_ack, confirms_and_returns, priorities, transactions, errors};
  int count = sizeof cases / sizeof *cases;
  for (int number = 0; number < count; number++) cases[number]();
  amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection);
  printf("librabbitmq %s: %d cases, %d failed checks\n", amqp_version(), count, failed);
  return failed ? 1 : 0;
}
