//! Messages on their way: out, back, and in.

mod delivery;
mod publish;
mod returned;

pub(crate) use self::delivery::Origin;
pub use self::{
    delivery::{Delivery, Got},
    publish::Publish,
    returned::Returned,
};
