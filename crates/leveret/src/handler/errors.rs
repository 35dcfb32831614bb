//! Where a handler's errors are reported.

use super::Handler;
use crate::report::ErrorRoute;

impl Handler {
    /// Reports errors to an exchange or queue, in the place of a dead letter.
    ///
    /// The report and the acknowledgement leave together: in one transaction, or the report
    /// confirmed first. It has the message's body and properties, and what went wrong in its
    /// headers; [`ErrorReport`](crate::ErrorReport) reads them. What the failed attempt published
    /// is dropped, as ever. Routes are asked in the order in which they are added; an error that
    /// none takes makes a dead letter. So does a report that no queue takes.
    #[must_use]
    pub fn route_errors(mut self, route: ErrorRoute) -> Self {
        self.error_routes.push(route);
        self
    }
}
