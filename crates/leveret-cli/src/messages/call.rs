//! `leveret call`: one request, and its reply.

use std::io;

use leveret_client::{Publish, RpcClient, RpcOptions};

use super::{
    args::CallArgs,
    failure::Failure,
    input::{Mould, all_of_stdin},
    session::Session,
    shown::print,
};

pub(super) async fn run(args: CallArgs) -> Result<(), Failure> {
    let body = match args.body {
        Some(body) => body.into(),
        None => all_of_stdin()?,
    };
    let session = Session::open(&args.broker).await?;
    let rpc = RpcClient::new(&session.connection, RpcOptions::default());
    let request = Publish {
        exchange: args.exchange,
        routing_key: args.queue,
        ..Mould::of_call(&args.properties).cast(body)
    };
    let reply = rpc.request_within(request, args.timeout).await;
    let reply = reply.map_err(|error| Failure::Call(Box::new(error)))?;
    print(&mut io::stdout().lock(), args.form.form(), 1, &reply).map_err(Failure::Output)?;
    session.close().await;
    Ok(())
}
