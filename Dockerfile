FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
# The authorities whose certificates receivers of webhooks, a bucket or a single sign-on have.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin school-roadmap \
 && install -d -o school-roadmap -g school-roadmap -m 0700 /data
COPY --from=build /src/target/release/school-roadmap /usr/local/bin/school-roadmap
# By number, so that whoever starts it sees that it is not root.
USER 10001:10001
# The root may be read-only: it writes to DATA_DIR (keys, evidence, SQLite) and to nothing else.
WORKDIR /data
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["school-roadmap", "serve"]
