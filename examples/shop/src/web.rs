//! The web: orders in, and how they stand. It speaks to the database alone.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::order::{Standing, Wish};
use crate::shop::{PlaceError, Shop};

impl Shop {
    /// `POST /orders`, `GET /orders/{id}`, `GET /stock`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/orders", post(place))
            .route("/orders/{id}", get(order))
            .route("/stock", get(stock))
            .with_state(self.clone())
    }
}

async fn place(State(shop): State<Shop>, Json(wish): Json<Wish>) -> Result<Response, PlaceError> {
    let order = shop.place(wish).await?;
    let location = [(header::LOCATION, format!("/orders/{}", order.id))];
    // Accepted, not created: whether there are so many, and whether the card is good, comes later.
    Ok((StatusCode::ACCEPTED, location, Json(order)).into_response())
}

async fn order(State(shop): State<Shop>, Path(id): Path<i64>) -> Result<Json<Standing>, Response> {
    match shop.order(id).await {
        Ok(Some(standing)) => Ok(Json(standing)),
        Ok(None) => {
            Err((StatusCode::NOT_FOUND, format!("there is no order {id}\n")).into_response())
        }
        Err(error) => Err(PlaceError::from(error).into_response()),
    }
}

async fn stock(State(shop): State<Shop>) -> Result<Json<Vec<(String, i64)>>, PlaceError> {
    Ok(Json(shop.stock().await?))
}

impl IntoResponse for PlaceError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NotSold { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Outbox(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, format!("{self}\n")).into_response()
    }
}
