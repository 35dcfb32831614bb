import com.rabbitmq.client.*;
import java.io.IOException;
import java.util.*;
import java.util.concurrent.*;

/** Drives an AMQP broker with RabbitMQ's Java client, as a Java user would. Address: AMQP_URL. */
public class Suite {
    interface Case { void run(Channel channel) throws Exception; }

    static final long PATIENCE = 20_000;

    static void check(boolean ok, Object what) {
        if (!ok) throw new AssertionError(String.valueOf(what));
    }

    static String queue(Channel channel, Map<String, Object> arguments) throws IOException {
        return channel.queueDeclare("", false, true, true, arguments).getQueue();
    }

    static byte[] text(String text) { return text.getBytes(); }

    /** Consumes into a queue in memory. */
    static BlockingQueue<Delivery> consume(Channel channel, String queue, boolean autoAck) throws IOException {
        BlockingQueue<Delivery> taken = new LinkedBlockingQueue<>();
        channel.basicConsume(queue, autoAck, (tag, delivery) -> taken.add(delivery), tag -> {});
        return taken;
    }

    static Delivery next(BlockingQueue<Delivery> taken) throws InterruptedException {
        Delivery delivery = taken.poll(PATIENCE, TimeUnit.MILLISECONDS);
        check(delivery != null, "nothing was delivered");
        return delivery;
    }

    static void confirms(Channel channel) throws Exception {
        String queue = queue(channel, null);
        channel.confirmSelect();
        for (int number = 0; number < 200; number++)
            channel.basicPublish("", queue, true, MessageProperties.PERSISTENT_BASIC, text("x"));
        check(channel.waitForConfirms(PATIENCE), "a publish was refused");
        check(channel.messageCount(queue) == 200, channel.messageCount(queue));
    }

    static void returns(Channel channel) throws Exception {
        BlockingQueue<Return> returned = new LinkedBlockingQueue<>();
        channel.addReturnListener(returned::add);
        channel.basicPublish("", "interop-java-nowhere", true, null, text("back"));
        Return message = returned.poll(PATIENCE, TimeUnit.MILLISECONDS);
        check(message != null && message.getReplyCode() == 312, message);
    }

    static void headersExchange(Channel channel) throws Exception {
        String exchange = "interop-java-" + ProcessHandle.current().pid();
        channel.exchangeDeclare(exchange, BuiltinExchangeType.HEADERS, false, true, null);
        String queue = queue(channel, null);
        channel.queueBind(queue, exchange, "", Map.of("x-match", "all", "kind", "a", "size", 3));
        var properties = new AMQP.BasicProperties.Builder().headers(Map.of("kind", "a", "size", 3)).build();
        channel.basicPublish(exchange, "", properties, text("yes"));
        channel.basicPublish(exchange, "", null, text("no"));
        check(new String(channel.basicGet(queue, true).getBody()).equals("yes"), "the wrong message");
        check(channel.basicGet(queue, true) == null, "both messages");
    }

    static void bodiesAndProperties(Channel channel) throws Exception {
        String queue = queue(channel, null);
        byte[] body = new byte[3 << 20];
        new Random(7).nextBytes(body);
        Map<String, Object> headers = new HashMap<>();
        headers.put("list", List.of(1, "two", true));
        headers.put("deep", Map.of("er", 1L << 40));
        headers.put("time", new Date(1_700_000_000_000L));
        headers.put("nothing", null);
        var sent = new AMQP.BasicProperties.Builder().headers(headers).priority(7).messageId("m").build();
        channel.basicPublish("", queue, sent, body);
        GetResponse got = channel.basicGet(queue, true);
        check(Arrays.equals(got.getBody(), body), "the body changed");
        Map<String, Object> back = got.getProps().getHeaders();
        check(back.get("list").toString().equals("[1, two, true]"), back);
        check(back.get("deep").toString().equals("{er=1099511627776}"), back);
        check(back.get("time").equals(headers.get("time")) && back.containsKey("nothing"), back);
    }

    static void requeueAndPrefetch(Channel channel) throws Exception {
        String queue = queue(channel, null);
        for (int number = 0; number < 4; number++) channel.basicPublish("", queue, null, new byte[] {(byte) number});
        channel.basicQos(2);
        BlockingQueue<Delivery> taken = consume(channel, queue, false);
        Delivery one = next(taken), two = next(taken);
        channel.basicReject(one.getEnvelope().getDeliveryTag(), true);
        Delivery again = next(taken);
        check(again.getEnvelope().isRedeliver() && again.getBody()[0] == 0, again);
        channel.basicAck(again.getEnvelope().getDeliveryTag(), true);
        check(next(taken).getBody()[0] == 2, "order");
        check(two.getBody()[0] == 1, "order");
    }

    static void transactions(Channel channel) throws Exception {
        String queue = queue(channel, null);
        channel.txSelect();
        channel.basicPublish("", queue, null, text("gone"));
        channel.txRollback();
        channel.basicPublish("", queue, null, text("kept"));
        channel.txCommit();
        check(channel.messageCount(queue) == 1, channel.messageCount(queue));
    }

    static void deadLetters(Channel channel) throws Exception {
        String dead = queue(channel, null);
        BlockingQueue<Delivery> deaths = consume(channel, dead, true);
        String live = queue(channel, Map.of("x-max-length", 1, "x-dead-letter-exchange", "",
            "x-dead-letter-routing-key", dead));
        channel.basicPublish("", live, null, text("old"));
        channel.basicPublish("", live, null, text("new"));
        Delivery death = next(deaths);
        check(new String(death.getBody()).equals("old"), "the wrong message");
        check(death.getProperties().getHeaders().get("x-death").toString().contains("maxlen"), death.getProperties());
    }

    static void directReplyTo(Channel channel) throws Exception {
        String service = queue(channel, null);
        channel.basicConsume(service, true, (tag, request) -> channel.basicPublish("",
            request.getProperties().getReplyTo(), null, text("re: " + new String(request.getBody()))), tag -> {});
        try (Channel caller = channel.getConnection().createChannel()) {
            BlockingQueue<Delivery> replies = consume(caller, "amq.rabbitmq.reply-to", true);
            var properties = new AMQP.BasicProperties.Builder().replyTo("amq.rabbitmq.reply-to").build();
            caller.basicPublish("", service, properties, text("hello"));
            check(new String(next(replies).getBody()).equals("re: hello"), "the wrong reply");
        }
    }

    static void cancelNotification(Channel channel) throws Exception {
        String queue = queue(channel, null);
        CountDownLatch cancelled = new CountDownLatch(1);
        channel.basicConsume(queue, true, (tag, delivery) -> {}, tag -> cancelled.countDown());
        channel.queueDelete(queue);
        check(cancelled.await(PATIENCE, TimeUnit.MILLISECONDS), "no word of the end");
    }

    static void errorsCloseTheChannelAlone(Channel channel) throws Exception {
        try {
            channel.queueDeclarePassive("interop-java-missing");
            check(false, "a missing queue was found");
        } catch (IOException error) {
            check(error.getCause().getMessage().contains("reply-code=404"), error.getCause());
        }
        check(channel.getConnection().isOpen(), "the connection was closed");
    }

    public static void main(String[] arguments) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(System.getenv("AMQP_URL"));
        factory.setAutomaticRecoveryEnabled(false);
        Map<String, Case> cases = new LinkedHashMap<>();
        cases.put("confirms", Suite::confirms);
        cases.put("returns", Suite::returns);
        cases.put("headers exchange", Suite::headersExchange);
        cases.put("bodies and properties", Suite::bodiesAndProperties);
        cases.put("requeue and prefetch", Suite::requeueAndPrefetch);
        cases.put("transactions", Suite::transactions);
        cases.put("dead letters", Suite::deadLetters);
        cases.put("direct reply-to", Suite::directReplyTo);
        cases.put("cancel notification", Suite::cancelNotification);
        cases.put("errors close the channel alone", Suite::errorsCloseTheChannelAlone);
        int failed = 0;
        try (Connection connection = factory.newConnection("interop")) {
            for (var test : cases.entrySet()) {
                Channel channel = connection.createChannel();
                try {
                    test.getValue().run(channel);
                } catch (Throwable error) {
                    failed++;
                    System.out.println("FAILED " + test.getKey() + ": " + error);
                }
                if (channel.isOpen()) channel.close();
            }
        }
        System.out.println("amqp-client (Java): " + (cases.size() - failed) + " passed, " + failed + " failed");
        System.exit(failed == 0 ? 0 : 1);
    }
}
