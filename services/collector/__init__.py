"""Takes the answer: hears tenants, surveys and invitations; says answers, also while Kafka is down."""
