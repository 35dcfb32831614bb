# The broker in a container: `docker build -t leveret .`; docs/packaging.md says how it is run.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --release --locked -p leveret-cli && mkdir -p /out/data && cp target/release/leveret /out/

# No shell and no package manager: the C library, and nobody who is root.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /out/leveret /usr/local/bin/leveret
COPY --from=build --chown=nonroot:nonroot /out/data /data
ENV LEVERET_BROKER_LISTEN=0.0.0.0:5672 LEVERET_BROKER_DATA_DIR=/data
VOLUME /data
EXPOSE 5672
# As AMQP_URL says; without it as `guest`, who may come from inside alone.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["leveret", "doctor"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["leveret"]
CMD ["broker"]
