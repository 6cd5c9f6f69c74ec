"""The whole Celery configuration.

Queues, routes and beat's schedule come from the `domain.toml` files; the rest is set against
failures that were seen with Celery's defaults, each named beside its setting.
"""

from core import broker
from core.domains import load_domains
from core.liveness import EVERY_SECONDS
from core.schedule import EPOCH, RECHECK_SECONDS, TurnSchedule
from core.settings import get_settings

_settings = get_settings()
_domains = load_domains()

# Time limits -------------------------------------------------------------------------------------

task_soft_time_limit = 80
"""Seconds; the task gets an exception and puts its work back."""
task_time_limit = 100
"""Seconds; the process is killed. Above the soft limit, below every lease and timeout."""

LEASE_SECONDS = 110
"""How long a claim on a row holds: above the hard limit, so that its holder is surely gone."""

_VISIBILITY_TIMEOUT = 900
"""Seconds until Redis hands out an unacknowledged message again. A shorter one than the longest
task or countdown runs it twice at once; ours end at 110."""

# Broker ------------------------------------------------------------------------------------------

broker_url = _settings.resolved_broker_url
broker_connection_retry_on_startup = True
# The default gives up after 100 failures, and the worker stays up without a broker.
broker_connection_max_retries = None
# The default waits for ever for a free connection.
broker_pool_acquire_timeout = 5
_REDIS_OPTIONS = {
    "visibility_timeout": _VISIBILITY_TIMEOUT,
    # Seconds and rounds between sweeps for unacknowledged messages; the defaults add 100 s.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    # Finds a connection that Redis has forgotten; without it a worker can be up and deaf.
    "health_check_interval": 25,
    "retry_on_timeout": True,
    "global_keyprefix": "igw:",
}
# RabbitMQ says of each message that its queue has it; without that a message is lost unnoticed.
_RABBITMQ_OPTIONS = {"confirm_publish": True}
broker_transport_options = _RABBITMQ_OPTIONS if broker.is_rabbitmq(broker_url) else _REDIS_OPTIONS
# Seconds after which a worker and RabbitMQ give up a connection on which nothing comes.
broker_heartbeat = 30
# On RabbitMQ, what is to be done in some seconds waits in 28 queues of Celery's. It is due in the
# database as well, so these queues need no replicas, which would cost every worker's start time.
broker_native_delayed_delivery_queue_type = "classic"
task_publish_retry_policy = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
    "interval_max": 0.5,
}

# Messages ----------------------------------------------------------------------------------------

accept_content = ["json"]
task_serializer = "json"
result_serializer = "json"
# Nobody waits for results here: what came of the work stands in the database.
task_ignore_result = True
task_send_sent_event = True
worker_send_task_events = True

# Queues: one per domain, and another for what is awaited ------------------------------------------


def _to(queue: str) -> dict[str, str]:
    return {"queue": queue, "routing_key": queue}


task_queues = broker.task_queues(_domains, broker_url)
# A task's own name goes before a pattern.
task_routes = {f"{domain.name}.*": _to(domain.queue) for domain in _domains} | {
    task: _to(domain.commands_queue) for domain in _domains for task in domain.awaited_tasks
}
task_default_exchange = broker.EXCHANGE
# A misspelt name would make a queue that nobody reads. The publisher gets an error instead.
task_create_missing_queues = False
task_default_queue = "ops"

# Loss and repetition -----------------------------------------------------------------------------

# Acknowledged when done: a worker that dies leaves its message to another.
task_acks_late = True
# Killed children would otherwise be acknowledged as failed, and their work lost; the number of
# attempts is bounded by `max_retries` of each task.
task_retry_on_worker_lost = True
# How soon that attempt follows. Celery's 180 s outlast a lease, so the killed task would not take
# its own claims over, and its records would wait for the lease.
task_annotations = {"*": {"default_retry_delay": 1}}
task_track_started = True

# Workers -----------------------------------------------------------------------------------------

imports = [
    "tasks.counting",
    "tasks.liveness",
    *(m for domain in _domains for m in domain.task_modules),
]
worker_concurrency = _settings.worker_concurrency
# A long task must not hold short ones that were fetched ahead.
worker_prefetch_multiplier = 1
worker_max_tasks_per_child = 1000
worker_max_memory_per_child = 400_000  # kB
worker_eta_task_limit = 200
worker_hijack_root_logger = False
worker_redirect_stdouts = False

# Beat --------------------------------------------------------------------------------------------

enable_utc = True
timezone = "UTC"
# What was last done when stands in Redis (core.schedule), so beat keeps no file of its own.
beat_scheduler = "tasks.beat:SteadyScheduler"
beat_max_loop_interval = RECHECK_SECONDS
beat_schedule = {
    f"{domain.name}.{schedule.name}": {
        "task": schedule.task,
        "schedule": TurnSchedule(domain.name, schedule.name),
        # Otherwise beat takes its own start for the last run, and the first poll waits.
        "last_run_at": EPOCH,
        # A tick that waited through an outage is worth nothing: the next one does its work.
        "options": {"expires": 55},
    }
    for domain in _domains
    for schedule in domain.schedules
} | {
    # Through beat, queue, worker and back; one that is late is worth nothing (core.liveness).
    f"{worker.name}.canary": {
        "task": f"{domain.name}.canary",
        "args": (worker.name,),
        "schedule": EVERY_SECONDS,
        "last_run_at": EPOCH,
        "options": {"expires": 55, **_to(worker.queue)},
    }
    for domain in _domains
    for worker in domain.workers
}
