//! A value that may not cross threads, held over an await.
// fix: has type `Rc<i32>` which is not `Send`

use std::rc::Rc;

use leveret::handler;

#[handler(queue = "orders")]
async fn book() {
    let count = Rc::new(1);
    std::future::ready(()).await;
    drop(count);
}
