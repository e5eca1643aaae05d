#!/bin/sh
# Makes (or changes) a recipient's user on Kafka: it reads its own topics, in consumer groups of its own name, and nothing else.
# SLUG: the recipient's. PARTNER_PASSWORD: at least 32 random letters and digits. KAFKA: the services' listener.
# KAFKA_HOME: where bin/ is. TOPIC_PREFIX: as the services have it.
set -eu
bin="${KAFKA_HOME:-/opt/kafka}/bin"
case "$SLUG" in "" | *[!a-z0-9-]*) echo "SLUG is not a recipient's" >&2; exit 2 ;; esac
[ "${#PARTNER_PASSWORD}" -ge 32 ] || { echo "PARTNER_PASSWORD is shorter than 32" >&2; exit 2; }

# By file: arguments are seen by everybody on the machine.
umask 077
secret=$(mktemp)
trap 'rm -f "$secret"' EXIT
printf 'SCRAM-SHA-512=iterations=8192,password=%s\n' "$PARTNER_PASSWORD" >"$secret"
"$bin/kafka-configs.sh" --bootstrap-server "$KAFKA" --alter --entity-type users --entity-name "$SLUG" --add-config-file "$secret"

# READ and DESCRIBE on the topics, READ on the groups. The dot ends the name: a slug that begins with another's has nothing of it.
"$bin/kafka-acls.sh" --bootstrap-server "$KAFKA" --add --allow-principal "User:$SLUG" --consumer \
  --resource-pattern-type prefixed --topic "${TOPIC_PREFIX:-}partner.$SLUG." --group "$SLUG."
