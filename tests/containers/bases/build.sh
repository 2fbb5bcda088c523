#!/usr/bin/env bash
# Make images under the names that Dockerfile and compose.yaml expect, where none can be pulled; see README.md.
# Needs root, debootstrap, Docker, Maven and the checkout's .venv. What exists already stays as it is.
set -euo pipefail
cd "$(dirname "$0")"
checkout=$(cd ../../.. && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

exists() { docker image inspect "$1" >/dev/null 2>&1; }

debian() { # SUITE: a minimal Debian
  exists "afterword-base/debian:$1" && return
  debootstrap --variant=minbase "$1" "$work/$1" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$work/log" || { tail "$work/log"; exit 1; }
  # A mirror that stands still is as good here as a fresh one.
  echo 'Acquire::Check-Valid-Until "false";' >"$work/$1/etc/apt/apt.conf.d/10-still-mirror"
  rm -rf "$work/$1"/var/cache/apt/archives/*.deb "$work/$1"/var/lib/apt/lists/*
  tar -C "$work/$1" -c . | docker import - "afterword-base/debian:$1"
  rm -rf "${work:?}/$1"
}

base() { # NAME DOCKERFILE SUITE FILE…: an image with these files beside its Dockerfile
  local name=$1 dockerfile=$2 suite=$3
  exists "$name" && return
  debian "$suite"
  shift 3
  rm -rf "$work/context" && mkdir "$work/context" && cp -r "$dockerfile" "$@" "$work/context"
  docker build --quiet --tag "$name" --file "$work/context/$dockerfile" "$work/context"
  echo "$name stands in for the image of that name"
}

base python:3.11-slim-bookworm python.Dockerfile bookworm /etc/ssl/certs/ca-certificates.crt
base caddy:2 caddy.Dockerfile bookworm
base postgres:18 postgres.Dockerfile sid postgres-entrypoint.sh
if ! exists apache/kafka:4.3.1; then
  (cd "$checkout" && .venv/bin/python -c "from deploy.local import kafka; kafka.fetch()")
  cp -r "$checkout/.state/cache/kafka-4.3.1" "$work/jars"
  base apache/kafka:4.3.1 kafka.Dockerfile bookworm "$work/jars" log4j2.yaml kafka-run.sh
fi
