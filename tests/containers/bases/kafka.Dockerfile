# Stands in for apache/kafka:4.3.1: Maven's jars of the same version, configured by the project's own
# kafka.docker.KafkaDockerWrapper as in the official image.
FROM afterword-base/debian:bookworm
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless >/dev/null \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 --shell /bin/bash appuser \
 && mkdir -p /etc/kafka/docker /etc/kafka/secrets /mnt/shared/config /opt/kafka/config /opt/kafka/logs \
    /var/lib/kafka/data \
 && touch /etc/kafka/docker/server.properties \
 && chown -R appuser /etc/kafka /mnt/shared/config /opt/kafka /var/lib/kafka
COPY jars /opt/kafka/libs
COPY log4j2.yaml /etc/kafka/docker/log4j2.yaml
COPY log4j2.yaml /etc/kafka/docker/tools-log4j2.yaml
COPY --chmod=755 kafka-run.sh /etc/kafka/docker/run
USER appuser
VOLUME ["/etc/kafka/secrets", "/var/lib/kafka/data", "/mnt/shared/config"]
EXPOSE 9092
CMD ["/etc/kafka/docker/run"]
