FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home /data school-roadmap \
 && mkdir /data && chown school-roadmap /data
COPY --from=build /src/target/release/school-roadmap /usr/local/bin/school-roadmap
USER school-roadmap
WORKDIR /data
EXPOSE 8080
CMD ["school-roadmap", "serve"]
