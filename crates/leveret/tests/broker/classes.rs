//! What the derive of `Classify` says decides what becomes of a message.

use leveret::{Class, Classify, FieldValue, Handler, Text};

use crate::setup::{Arrivals, MODES, Target, in_mode, on_each_broker, send};

on_each_broker! {
    each_error_goes_its_own_way
}

#[derive(Debug, thiserror::Error, Classify)]
#[classify(transient)]
enum ChargeError<T: std::fmt::Debug> {
    #[error("silent")]
    Silent,
    #[error("expired: {0:?}")]
    #[classify(permanent)]
    CardExpired(T),
    #[error("wrong amount")]
    #[classify(permanent)]
    #[classify(name = "amount")]
    WrongAmount { _cents: u32 },
}

#[derive(Debug, thiserror::Error, Classify)]
#[classify(busy = "2 min")]
#[error("full")]
struct WarehouseFull;

#[derive(Debug, thiserror::Error, Classify)]
#[classify(transient)]
enum OrderError {
    #[error(transparent)]
    #[classify(transparent)]
    Charge(#[from] ChargeError<String>),
    #[error("{inner}")]
    #[classify(transparent)]
    Store { inner: WarehouseFull },
    #[error("lost")]
    Lost,
}

#[derive(Debug, thiserror::Error, Classify)]
#[classify(transparent)]
#[error("shop: {0}")]
struct ShopError(OrderError);

#[test]
fn what_is_transparent_is_told_by_the_error_within() {
    let told = |error: OrderError| {
        let error = ShopError(error);
        (error.class(), error.name().to_owned())
    };
    let amount = OrderError::from(ChargeError::WrongAmount { _cents: 1 });
    assert_eq!(told(amount), (Class::Permanent, "amount".to_owned()));
    assert_eq!(told(ChargeError::Silent.into()), (Class::Transient, "silent".to_owned()));
    let full = OrderError::Store { inner: WarehouseFull };
    let wait = std::time::Duration::from_mins(2);
    assert_eq!(told(full), (Class::Busy(wait), "warehouse-full".to_owned()));
    assert_eq!(told(OrderError::Lost), (Class::Transient, "lost".to_owned()));
}

#[test]
fn a_struct_has_one_class_and_its_own_name() {
    assert_eq!(WarehouseFull.class(), Class::Busy(std::time::Duration::from_mins(2)));
    assert_eq!(WarehouseFull.name(), "warehouse-full");
}

mod bodies {
    use super::*;

    async fn charge(Text(card): Text) -> Result<(), ChargeError<String>> {
        match card.as_str() {
            "expired" => Err(ChargeError::CardExpired(card)),
            "odd" => Err(ChargeError::WrongAmount { _cents: 1 }),
            _ => Err(ChargeError::Silent),
        }
    }

    pub(super) async fn each_error_goes_its_own_way(target: Target) {
        for mode in MODES {
            let cards = target.name(&format!("cards-{mode:?}"));
            let handler = in_mode(Handler::new(cards.as_str(), charge), mode);
            let arrivals = Arrivals::default();
            let dead = arrivals.on(handler.dead_letter_queue());
            let running = target.app().handler(handler).handler(dead).start().await.unwrap();
            send(&running, &cards, &["expired", "odd", "silent"]).await;
            running.wait_until(|_| arrivals.all().len() == 3).await;
            let told = arrivals.all().into_iter().map(|letter| {
                let name = letter.header_text("x-leveret-error-class").unwrap();
                (name, letter.header("x-leveret-attempts"))
            });
            let told: Vec<(String, Option<FieldValue>)> = told.collect();
            let wanted = [("card-expired", 1), ("amount", 1), ("silent", 3)]
                .map(|(name, attempts)| (name.to_owned(), Some(FieldValue::I64(attempts))));
            assert_eq!(told, wanted);
            running.shutdown().await.unwrap();
        }
    }
}
