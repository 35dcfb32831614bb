//! The shop under test: web, real broker, cut connections, own database.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use leveret::Publish;
use leveret::test::Point::{Answer, Confirm, Delivery, Output, Settlement};
use leveret::test::{Point, TestApp, TestOptions};
use shop::{Order, Shop, Standing, Wish};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tower_service::Service as _;

/// A shop that runs, with files of its own.
struct Lab {
    shop: Shop,
    app: TestApp,
    _folder: TempDir,
}

impl Lab {
    async fn start(options: TestOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::open(&folder.path().join("shop.sqlite")).await.unwrap();
        let app = options.start(shop.app()).await.unwrap();
        Self { shop, app, _folder: folder }
    }

    /// Orders by the web.
    async fn post(&self, item: &str, pieces: u16, card: &str) -> (StatusCode, Vec<u8>) {
        let wish = Wish { item: item.to_owned(), pieces, card: card.to_owned() };
        let request = Request::post("/orders")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(serde_json::to_vec(&wish).unwrap()))
            .unwrap();
        answer(&self.shop, request).await
    }

    /// Orders, and waits for the end of as many orders as there are now.
    async fn order(&self, item: &str, pieces: u16, card: &str) -> Standing {
        let (status, body) = self.post(item, pieces, card).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let order: Order = serde_json::from_slice(&body).unwrap();
        self.ended(order.id).await;
        let request = Request::get(format!("/orders/{}", order.id)).body(Body::empty()).unwrap();
        let (status, body) = answer(&self.shop, request).await;
        assert_eq!(status, StatusCode::OK);
        serde_json::from_slice(&body).unwrap()
    }

    /// Every order ends with a mail.
    async fn ended(&self, orders: i64) {
        self.app
            .running()
            .wait_until(|stats| i64::try_from(stats.handler("notify").handled).unwrap() >= orders)
            .await;
        self.app.settled().await;
    }

    async fn number(&self, question: &'static str) -> i64 {
        sqlx::query_scalar(question).fetch_one(self.shop.pool()).await.unwrap()
    }

    async fn pens(&self) -> i64 {
        self.number("SELECT pieces FROM stock WHERE item = 'pen'").await
    }

    /// What the bank has taken, of all.
    async fn takings(&self) -> i64 {
        self.number("SELECT COALESCE(SUM(cents), 0) FROM charges").await
    }

    async fn mails(&self) -> i64 {
        self.number("SELECT COUNT(*) FROM mails").await
    }
}

async fn answer(shop: &Shop, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let response = shop.router().call(request).await.unwrap();
    let status = response.status();
    (status, to_bytes(response.into_body(), 10_000).await.unwrap().to_vec())
}

#[tokio::test]
async fn an_order_is_reserved_charged_and_mailed() {
    let lab = Lab::start(TestApp::options()).await;
    let standing = lab.order("pen", 2, "good").await;
    assert_eq!((standing.state.as_str(), standing.cents), ("paid", 380));
    assert_eq!((lab.pens().await, lab.takings().await, lab.mails().await), (5, 380, 1));
    lab.app.assert_handled_once("reserve");
    lab.app.assert_handled_once("charge");
    lab.app.assert_published("shop", "order.paid");
    assert!(lab.app.dead_letters().is_empty());
    lab.app.shutdown().await.unwrap();
}

#[tokio::test]
async fn what_the_shop_does_not_sell_leaves_nothing_behind() {
    let lab = Lab::start(TestApp::options()).await;
    for (item, pieces) in [("moon", 1), ("pen", 0)] {
        let (status, body) = lab.post(item, pieces, "good").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(String::from_utf8(body).unwrap().contains(item));
    }
    lab.app.settled().await;
    lab.app.assert_nothing_published();
    assert_eq!(lab.number("SELECT COUNT(*) FROM orders").await, 0);
    let (status, _) =
        answer(&lab.shop, Request::get("/orders/1").body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    lab.app.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_orders_at_once_never_sell_more_than_there_is() {
    let lab = Lab::start(TestApp::options()).await;
    let mut orders = JoinSet::new();
    for _ in 0..20 {
        let shop = lab.shop.clone();
        let wish = Wish { item: "pen".to_owned(), pieces: 1, card: "good".to_owned() };
        orders.spawn(async move { shop.place(wish).await.unwrap() });
    }
    orders.join_all().await;
    lab.ended(20).await;
    assert_eq!(lab.number("SELECT COUNT(*) FROM orders WHERE state = 'paid'").await, 7);
    assert_eq!(lab.number("SELECT COUNT(*) FROM orders WHERE reason = 'sold out'").await, 13);
    assert_eq!((lab.pens().await, lab.takings().await, lab.mails().await), (0, 7 * 190, 20));
    lab.app.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_declined_card_makes_a_dead_letter_and_the_stock_comes_back() {
    let lab = Lab::start(TestApp::options()).await;
    let standing = lab.order("pen", 3, "declined").await;
    assert_eq!(standing.state, "refused");
    assert_eq!(standing.reason.as_deref(), Some("the card is declined"));
    let letter = lab.app.assert_dead_lettered("charge", "card-declined");
    assert_eq!(letter.json::<Order>().unwrap().id, standing.id);
    lab.app.assert_handled_once("release");
    assert_eq!((lab.pens().await, lab.takings().await, lab.mails().await), (7, 0, 1));
    lab.app.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_bank_that_is_busy_or_too_slow_is_asked_again_and_takes_the_money_once() {
    let lab = Lab::start(TestApp::options()).await;
    for (orders, card) in [(1, "busy"), (2, "slow")] {
        let standing = lab.order("pen", 1, card).await;
        assert_eq!(standing.state, "paid", "{card}");
        assert_eq!(lab.takings().await, orders * 190, "{card}");
        let asked = lab.number("SELECT MAX(asked) FROM charges").await;
        assert_eq!(asked, 2, "{card}");
    }
    assert_eq!(lab.app.running().stats().handler("charge").postponed, 2);
    assert!(lab.app.dead_letters().is_empty());
    lab.app.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_order_that_is_delivered_twice_has_its_effects_once() {
    let lab = Lab::start(TestApp::options()).await;
    let standing = lab.order("pen", 2, "good").await;
    let placed = lab.app.assert_handled_once("reserve").message;
    let again = Publish::new("shop", "order.placed")
        .bytes(placed.body().clone())
        .message_id(placed.message_id().unwrap().to_string());
    lab.app.publish(again).await.unwrap();
    assert_eq!(lab.app.running().stats().handler("reserve").duplicates, 1);
    assert_eq!((lab.pens().await, lab.takings().await, lab.mails().await), (5, standing.cents, 1));
    lab.app.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_cut_at_any_step_of_an_order_has_the_effects_once() {
    for (point, options) in cuts(&[Delivery, Output, Confirm, Settlement, Answer]) {
        let lab = Lab::start(options).await;
        for (card, state, mails) in [("good", "paid", 1), ("declined", "refused", 2)] {
            let standing = lab.order("pen", 2, card).await;
            assert_eq!(standing.state, state, "{point:?}");
            let found = (lab.pens().await, lab.takings().await, lab.mails().await);
            assert_eq!(found, (5, 380, mails), "{point:?}, {card}");
        }
        assert_eq!(lab.app.cuts(), 1, "{point:?}");
        lab.app.shutdown().await.unwrap();
    }
}

#[tokio::test]
async fn a_cut_at_any_step_of_a_payment_takes_the_money_once() {
    let order =
        Order { id: 1, item: "pen".to_owned(), pieces: 2, cents: 380, card: "good".to_owned() };
    // No confirm on this way: output and acknowledgement are one transaction of the broker.
    for (point, options) in cuts(&[Delivery, Output, Settlement, Answer]) {
        let lab = Lab::start(options).await;
        sqlx::query("INSERT INTO orders VALUES (1, 'pen', 2, 380, 'reserved', NULL)")
            .execute(lab.shop.pool())
            .await
            .unwrap();
        let reserved = Publish::new("shop", "order.reserved").json(&order).unwrap();
        lab.app.publish(reserved).await.unwrap();
        lab.ended(1).await;
        assert_eq!(lab.shop.order(1).await.unwrap().unwrap().state, "paid", "{point:?}");
        assert_eq!((lab.takings().await, lab.mails().await), (380, 1), "{point:?}");
        assert_eq!(lab.app.cuts(), 1, "{point:?}");
        lab.app.shutdown().await.unwrap();
    }
}

/// Either side of the first step of each kind.
fn cuts(points: &[Point]) -> impl Iterator<Item = (Point, TestOptions)> {
    points.iter().flat_map(|&point| {
        [TestApp::options().cut_before(point), TestApp::options().cut_after(point)]
            .map(|options| (point, options))
    })
}
