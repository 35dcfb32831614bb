# The broker in a container: `docker build -t leveret .`; docs/packaging.md says how it is run.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked -p leveret-cli

FROM debian:bookworm-slim
# Nobody who is root, and a place for messages that is its own.
RUN useradd --system --uid 10001 --no-create-home leveret && install -d -o leveret /data
COPY --from=build /source/target/release/leveret /usr/local/bin/leveret
USER leveret
ENV LEVERET_BROKER_LISTEN=0.0.0.0:5672 LEVERET_BROKER_DATA_DIR=/data
VOLUME /data
EXPOSE 5672
# As AMQP_URL says; without it as `guest`, who may come from inside alone.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["leveret", "doctor"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["leveret"]
CMD ["broker"]
