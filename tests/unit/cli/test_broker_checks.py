"""What the doctor says of a RabbitMQ."""

from __future__ import annotations

import pytest

from cli.broker_checks import check_rabbitmq, judge_rabbitmq
from cli.outcomes import Status
from core.broker import RabbitUse
from core.settings import get_settings


@pytest.mark.parametrize("version", ["3.10.8", "3.13.7", "4.1.0"])
def test_a_rabbitmq_that_gave_nothing_up_is_well(version):
    outcome = judge_rabbitmq(RabbitUse(version, 1.0, waiting=1200, dead=0))

    assert outcome.status is Status.OK
    assert outcome.found == f"RabbitMQ {version}, quorum queues, 1,200 waiting"


def test_one_that_is_too_old_is_named_with_what_follows():
    outcome = judge_rabbitmq(RabbitUse("3.9.13", 1.0, waiting=0, dead=0))

    assert outcome.status is Status.FAILED
    assert "ticks of beat" in outcome.found


def test_what_was_given_up_and_not_told_yet_is_a_warning():
    outcome = judge_rabbitmq(RabbitUse("4.1.0", 1.0, waiting=0, dead=3))

    assert outcome.status is Status.WARNING
    assert "3 it gave up" in outcome.found


def test_one_that_does_not_answer_is_one_line_without_the_address(settings_env):
    settings_env.setenv("IGW_BROKER_URL", "amqp://igw:pass-word@127.0.0.1:1/igw")
    get_settings.cache_clear()

    outcome = check_rabbitmq("start it")

    assert (outcome.status, outcome.remedy) == (Status.FAILED, "start it")
    assert outcome.found == "does not answer: ConnectionRefusedError"
