//! What alarms are raised by.

/// What alarms are raised by. The machine is one; tests have their own.
pub trait Gauge: Send + Sync {
    /// Bytes of memory that the process has.
    fn memory_used(&self) -> Option<u64>;
    /// Bytes of memory that it may have at all.
    fn memory_total(&self) -> Option<u64>;
    /// Bytes free on the disk of the data directory.
    fn disk_free(&self) -> Option<u64>;
}
