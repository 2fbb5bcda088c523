"""`afterword topics` on a cluster that works: drift is shown, and nothing is changed that could lose something."""

import os
import subprocess

from support.full_stack import AFTERWORD, FullStack

from deploy.local.state import State, environment


def run_topics(stack: FullStack, *arguments: str, **changes: str) -> tuple[int, str]:
    return run_command(stack, "topics", *arguments, **changes)


def run_command(stack: FullStack, *arguments: str, **changes: str) -> tuple[int, str]:
    done = subprocess.run(
        (str(AFTERWORD), *arguments),
        env={**os.environ, **environment(State.open(stack.root)), **changes},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_a_cluster_as_declared_has_nothing_to_tell(stack: FullStack) -> None:
    assert run_topics(stack, "diff") == (0, "All topics are as they are declared.\n")
    assert run_topics(stack, "apply") == (0, "All topics are as they are declared.\n")


def test_another_declaration_is_shown_line_by_line_and_not_applied_unasked(stack: FullStack) -> None:
    wider = {"AFTERWORD_TOPIC_PARTITIONS": "8"}
    for command in ("diff", "apply", "diff"):
        code, output = run_topics(stack, command, **wider)
        head, *rows = output.splitlines()
        assert code == 1
        assert head.split() == ["topic", "what", "declared", "there", "apply"]
        assert [row.split()[:4] for row in rows] == [
            [name, "partitions", "8", "6"]
            for name in (
                *("transactions.v1", "tenants.v1", "customers.v1", "erasures.v1", "audit.v1"),
                *("surveys.v1", "sending.v1", "retention.v1", "contact-policies.v1"),
                *("invitations.v1", "answers.v1", "answer-totals.v1", "scores.v1", "falls.v1"),
                *("improvements.v1", "cases.v1"),
                *("webhooks.v1", "decisions.v1", "replies.v1", "case-mails.v1"),
            )
        ]
        assert all("leaves it: keys are placed by" in row for row in rows)


def test_a_migration_fails_only_for_topics_that_a_service_would_wait_for(stack: FullStack) -> None:
    for partitions, ends_with in (("4", 0), ("8", 1)):
        code, output = run_command(
            stack, "migrate", "scorer", "--topics", AFTERWORD_TOPIC_PARTITIONS=partitions
        )
        assert code == ends_with
        assert ["answers.v1", "partitions", partitions, "6"] in [
            row.split()[:4] for row in output.splitlines()
        ]
