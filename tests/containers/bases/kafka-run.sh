#!/usr/bin/env bash
# As the official image does: KAFKA_… becomes server.properties, an empty folder is formatted, the broker runs.
set -euo pipefail
export CLUSTER_ID=${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}
java=(java ${KAFKA_HEAP_OPTS:--Xms1g -Xmx1g} -cp "/opt/kafka/libs/*")
if ! said=$("${java[@]}" kafka.docker.KafkaDockerWrapper setup --default-configs-dir /etc/kafka/docker \
    --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config 2>&1); then
  grep -i "already formatted" <<< "$said" || { echo "$said"; exit 1; }
fi
exec "${java[@]}" -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml \
  kafka.Kafka /opt/kafka/config/server.properties
