// Drives an AMQP broker with amqp091-go, as a Go user would. Address: AMQP_URL.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const patience = 20 * time.Second

var run = fmt.Sprint(os.Getpid())

func name(kind string) string { return "interop-go-" + kind + "-" + run }

func check(ok bool, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf(format, args...))
	}
}

func must[T any](value T, err error) T {
	check(err == nil, "%v", err)
	return value
}

func next(deliveries <-chan amqp.Delivery) amqp.Delivery {
	select {
	case delivery, ok := <-deliveries:
		check(ok, "the consumer ended")
		return delivery
	case <-time.After(patience):
		panic("nothing was delivered")
	}
}

func publish(channel *amqp.Channel, exchange, key string, message amqp.Publishing) {
	check(channel.PublishWithContext(context.Background(), exchange, key, false, false, message) == nil, "publish")
}

func topicRouting(channel *amqp.Channel) {
	exchange, queue := name("topic"), name("routed")
	check(channel.ExchangeDeclare(exchange, "topic", true, false, false, false, nil) == nil, "exchange.declare")
	must(channel.QueueDeclare(queue, true, false, false, false, nil))
	check(channel.QueueBind(queue, "a.*.c.#", exchange, false, nil) == nil, "queue.bind")
	publish(channel, exchange, "a.c", amqp.Publishing{Body: []byte("no")})
	publish(channel, exchange, "a.b.c.d", amqp.Publishing{Body: []byte("yes")})
	delivery, ok, err := channel.Get(queue, true)
	check(err == nil && ok && string(delivery.Body) == "yes", "%v %v %q", err, ok, delivery.Body)
	check(channel.ExchangeDelete(exchange, false, false) == nil, "exchange.delete")
	check(must(channel.QueueDelete(queue, false, false, false)) == 0, "the queue was not empty")
}

func deferredConfirms(channel *amqp.Channel) {
	queue := must(channel.QueueDeclare("", true, false, true, false, nil)).Name
	check(channel.Confirm(false) == nil, "confirm.select")
	var confirms []*amqp.DeferredConfirmation
	for range 200 {
		message := amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte("x")}
		confirms = append(confirms, must(channel.PublishWithDeferredConfirm("", queue, true, false, message)))
	}
	for _, confirm := range confirms {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		check(must(confirm.WaitContext(ctx)), "a publish was refused")
		cancel()
	}
	check(must(channel.QueueDeclarePassive(queue, true, false, true, false, nil)).Messages == 200, "messages")
}

func returns(channel *amqp.Channel) {
	returned := channel.NotifyReturn(make(chan amqp.Return, 1))
	check(channel.PublishWithContext(context.Background(), "", name("nowhere"), true, false,
		amqp.Publishing{Body: []byte("back")}) == nil, "publish")
	select {
	case message := <-returned:
		check(message.ReplyCode == 312 && string(message.Body) == "back", "%+v", message)
	case <-time.After(patience):
		panic("nothing came back")
	}
}

func headersOfAllKinds(channel *amqp.Channel) {
	queue := must(channel.QueueDeclare("", false, true, true, false, nil)).Name
	at := time.Unix(1_700_000_000, 0)
	sent := amqp.Table{"bool": true, "byte": int8(-3), "short": int16(-300), "int": int32(-70000),
		"long": int64(-1 << 40), "double": 2.5, "text": "é", "time": at, "nil": nil,
		"list": []any{int32(1), "two"}, "table": amqp.Table{"deep": amqp.Table{"er": int32(1)}},
		"decimal": amqp.Decimal{Scale: 2, Value: 12345}, "bytes": []byte{0, 1, 255}}
	body := bytes.Repeat([]byte{0, 206, 255}, 1<<20)
	publish(channel, "", queue, amqp.Publishing{Headers: sent, ContentType: "a/b", Priority: 7, CorrelationId: "c",
		ReplyTo: "r", Expiration: "60000", MessageId: "m", Timestamp: at, Type: "t", AppId: "a", Body: body})
	got, ok, err := channel.Get(queue, true)
	check(err == nil && ok && bytes.Equal(got.Body, body), "the body changed: %d bytes", len(got.Body))
	check(fmt.Sprint(got.Headers) == fmt.Sprint(sent), "%v\n%v", got.Headers, sent)
	check(got.Priority == 7 && got.Expiration == "60000" && got.Timestamp.Equal(at) && got.Type == "t", "%+v", got)
}

func requeueAndPrefetch(channel *amqp.Channel) {
	queue := must(channel.QueueDeclare("", false, true, true, false, nil)).Name
	for number := range 5 {
		publish(channel, "", queue, amqp.Publishing{Body: []byte{byte(number)}})
	}
	check(channel.Qos(2, 0, false) == nil, "basic.qos")
	deliveries := must(channel.Consume(queue, "eater", false, false, false, false, nil))
	one, two := next(deliveries), next(deliveries)
	check(one.Body[0] == 0 && two.Body[0] == 1 && !one.Redelivered, "%v %v", one.Body, two.Body)
	check(one.Nack(false, true) == nil, "basic.nack")
	again := next(deliveries)
	check(again.Body[0] == 0 && again.Redelivered, "%+v", again)
	check(again.Ack(true) == nil, "basic.ack")
	for wanted := byte(2); wanted < 5; wanted++ {
		delivery := next(deliveries)
		check(delivery.Body[0] == wanted, "%v instead of %d", delivery.Body, wanted)
		check(delivery.Ack(false) == nil, "basic.ack")
	}
	check(channel.Cancel("eater", false) == nil, "basic.cancel")
}

func transactions(channel *amqp.Channel) {
	queue := must(channel.QueueDeclare("", false, true, true, false, nil)).Name
	check(channel.Tx() == nil, "tx.select")
	publish(channel, "", queue, amqp.Publishing{Body: []byte("gone")})
	check(channel.TxRollback() == nil, "tx.rollback")
	publish(channel, "", queue, amqp.Publishing{Body: []byte("kept")})
	check(channel.TxCommit() == nil, "tx.commit")
	check(must(channel.QueueDelete(queue, false, false, false)) == 1, "one message was committed")
}

func deadLetters(channel *amqp.Channel) {
	dead := must(channel.QueueDeclare("", false, true, true, false, nil)).Name
	live := must(channel.QueueDeclare("", false, true, true, false, amqp.Table{
		"x-message-ttl": int32(1), "x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead})).Name
	deaths := must(channel.Consume(dead, "", true, false, false, false, nil))
	publish(channel, "", live, amqp.Publishing{Body: []byte("old")})
	death := next(deaths)
	history, ok := death.Headers["x-death"].([]any)
	check(ok && len(history) == 1, "%v", death.Headers)
	check(history[0].(amqp.Table)["reason"] == "expired", "%v", history)
}

func priorities(channel *amqp.Channel) {
	queue := must(channel.QueueDeclare("", false, true, true, false, amqp.Table{"x-max-priority": int32(10)})).Name
	for _, priority := range []uint8{1, 9, 5} {
		publish(channel, "", queue, amqp.Publishing{Priority: priority})
	}
	for _, wanted := range []uint8{9, 5, 1} {
		message, ok, err := channel.Get(queue, true)
		check(err == nil && ok && message.Priority == wanted, "%v %v %d", err, ok, message.Priority)
	}
}

func errorsCloseTheChannelAlone(channel *amqp.Channel) {
	_, err := channel.QueueDeclarePassive(name("missing"), false, false, false, false, nil)
	var reason *amqp.Error
	check(errors.As(err, &reason) && reason.Code == 404 && reason.Server, "%v", err)
}

func main() {
	connection := must(amqp.Dial(os.Getenv("AMQP_URL")))
	failed := 0
	cases := []struct {
		title string
		body  func(*amqp.Channel)
	}{
		{"topic routing", topicRouting}, {"deferred confirms", deferredConfirms}, {"returns", returns},
		{"headers of all kinds, 3 MiB", headersOfAllKinds}, {"requeue and prefetch", requeueAndPrefetch},
		{"transactions", transactions}, {"dead letters", deadLetters}, {"priorities", priorities},
		{"errors close the channel alone", errorsCloseTheChannelAlone},
	}
	for _, test := range cases {
		func() {
			channel := must(connection.Channel())
			defer channel.Close()
			defer func() {
				if reason := recover(); reason != nil {
					failed++
					fmt.Printf("FAILED %s: %v\n", test.title, reason)
				}
			}()
			test.body(channel)
		}()
	}
	check(connection.Close() == nil, "connection.close")
	fmt.Printf("amqp091-go: %d passed, %d failed\n", len(cases)-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
