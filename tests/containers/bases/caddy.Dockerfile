# Stands in for caddy:2: Debian's Caddy under the paths of the official image.
FROM afterword-base/debian:bookworm
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends caddy libcap2-bin >/dev/null \
 && rm -rf /var/lib/apt/lists/* && setcap cap_net_bind_service=+ep /usr/bin/caddy \
 && mkdir -p /config/caddy /data/caddy /etc/caddy /srv
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
WORKDIR /srv
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
