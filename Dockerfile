# An image for those who prefer containers; `./run demo` needs none.
# Not built by the tests: docker-compose.yml says what could not be tried.

ARG RUST_VERSION=1.95

FROM rust:${RUST_VERSION}-bookworm AS build
WORKDIR /src
COPY . .
# The queries were checked against .sqlx, so no database is needed here.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    SQLX_OFFLINE=true cargo build --locked --release -p kyoyu --bin kyoyu \
    && install -D target/release/kyoyu /out/kyoyu

FROM debian:bookworm-slim
RUN groupadd --system --gid 10001 kyoyu \
    && useradd --system --uid 10001 --gid kyoyu --no-create-home --shell /usr/sbin/nologin kyoyu \
    && install -d -o kyoyu -g kyoyu -m 0700 /var/lib/kyoyu
COPY --from=build /out/kyoyu /usr/local/bin/kyoyu
COPY LICENSE /usr/share/doc/kyoyu/LICENSE
COPY config /usr/share/kyoyu/config
COPY fhir-profiles /usr/share/kyoyu/fhir-profiles
USER kyoyu
ENTRYPOINT ["kyoyu"]
CMD ["serve"]
