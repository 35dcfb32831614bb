//! A transaction is written in one piece.

use leveret_client::{AckMode, Properties, Publish};
use leveret_protocol::{Event, Method, basic, tx};

use crate::peer::{open_channel, short};

#[tokio::test]
async fn publishes_and_acks_leave_with_their_commit() {
    let (channel, _connection, mut peer) = open_channel().await;
    let (channel, _) = tokio::join!(channel.into_tx(), peer.answer("tx.select", tx::SelectOk));
    let channel = channel.unwrap();
    let number = leveret_client::ChannelNumber::new(1);
    let (got, ()) = tokio::join!(channel.get(short("q"), AckMode::Manual), async {
        peer.method().await;
        let got = basic::GetOk { delivery_tag: 7, ..basic::GetOk::default() };
        peer.session.send_content(number, &got.into(), &Properties::EMPTY, "in".into()).unwrap();
        peer.flush().await;
    });
    let delivery = got.unwrap().unwrap().delivery;
    peer.received.clear();
    let publish = Publish { routing_key: short("out"), body: "out".into(), ..Publish::default() };
    channel.publish(publish).await.unwrap();
    channel.ack(&delivery).unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let early = tokio::time::timeout(std::time::Duration::ZERO, peer.next()).await;
    assert!(early.is_err(), "nothing leaves before the commit: {early:?}");

    let (committed, ()) = tokio::join!(channel.commit(), async {
        let publish = peer.publish().await;
        assert_eq!(publish.2, "out");
        let Event::Method { method: Method::BasicAck(ack), .. } = peer.next().await else {
            panic!()
        };
        assert_eq!(ack, basic::Ack { delivery_tag: 7, multiple: false });
        assert_eq!(peer.method().await.1.name(), "tx.commit");
        let returned = basic::Return { reply_code: 312, ..basic::Return::default() };
        let properties = Properties::EMPTY;
        peer.session.send_content(number, &returned.into(), &properties, "out".into()).unwrap();
        peer.send(number, tx::CommitOk).await;
    });
    let committed = committed.unwrap();
    assert_eq!(committed.returned.len(), 1, "what no queue took comes with the commit");
    expect_test::expect![[r#"
        "\u{1}\0\u{1}\0\0\0\u{c}\0<\0(\0\0\0\u{3}out\u{1}Î\u{2}\0\u{1}\0\0\0\u{e}\0<\0\0\0\0\0\0\0\0\0\u{3}\0\0Î\u{3}\0\u{1}\0\0\0\u{3}outÎ\u{1}\0\u{1}\0\0\0\r\0<\0P\0\0\0\0\0\0\0\u{7}\0Î\u{1}\0\u{1}\0\0\0\u{4}\0Z\0\u{14}Î"
    "#]]
    .assert_debug_eq(&peer.received.iter().map(|byte| char::from(*byte)).collect::<String>());

    let (refused, _) = tokio::join!(channel.commit(), peer.answer("tx.commit", tx::RollbackOk));
    let refused = refused.unwrap();
    assert!(refused.is_undone && !committed.is_undone, "a commit may be answered so: {refused:?}");

    let (rolled_back, _) =
        tokio::join!(channel.rollback(), peer.answer("tx.rollback", tx::RollbackOk));
    rolled_back.unwrap();
}
