//! The examples run, each as a reader would run it.

#[path = "../examples/in_memory.rs"]
mod in_memory;
#[path = "../examples/in_process.rs"]
mod in_process;
#[path = "../examples/on_disk.rs"]
mod on_disk;
#[path = "../examples/virtual_time.rs"]
mod virtual_time;

#[test]
fn each_example_runs_to_its_end() -> Result<(), Box<dyn std::error::Error>> {
    in_process::main()?;
    in_memory::main()?;
    on_disk::main()?;
    virtual_time::main()
}
