"""The queue between the ingest database and its workers: Dramatiq on Redis. Needs the extra `workers`.

At least once: a worker that dies is known by its silence, and what it had taken goes back into the queue. A job is out
of the queue when its folder is shipped; the loader does not mind one that is shipped twice.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Retries
from redis.exceptions import LockError

from crawler import base, worker_job
from crawler.hosts import Hosts
from crawler.ledger import Account
from crawler.orders import Order
from crawler.run_folder import FolderBook
from crawler.worker_job import Task
from standards_db.jobs import LIFE

NAMESPACE = "spheres"
QUEUE, ACTOR = "sources", "work"
SILENCE = 8_000  # milliseconds after which a worker counts as dead; a living one is heard every second
EVERY_COMMAND = 1_000_000  # of a million: with Dramatiq's default of 1,000 lost jobs waited for minutes
LEASE = 15.0  # seconds that a lane stays taken after its worker died
RENEWAL = 2.0
BUSY_WAIT = 3_000  # milliseconds until a job is tried again whose lane is taken
MOST_STARTS = 5  # a job that takes its worker down each time ends here, with a folder that says so
AWAY = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)


class QueueError(Exception):
    """Redis is not there: names its address without the password."""


def connect(url: str) -> redis.Redis:
    """A client that has been answered. Raises QueueError."""
    try:
        client = redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=10)
        client.ping()
    except (redis.exceptions.RedisError, ValueError) as error:
        place = url.rpartition("@")[2]
        raise QueueError(f"Redis at {place}: {error}") from error
    return client


def broker_at(url: str) -> RedisBroker:
    broker = RedisBroker(
        url=url,
        namespace=NAMESPACE,
        heartbeat_timeout=SILENCE,
        maintenance_chance=EVERY_COMMAND,
        middleware=[Retries(max_retries=MOST_STARTS, min_backoff=BUSY_WAIT)],  # no time limit: --hours is one
    )
    broker.declare_queue(QUEUE)
    return broker


def key(kind: str, name: str) -> str:
    return f"{NAMESPACE}:{kind}:{name}"


def message(job: str) -> dramatiq.Message:
    return dramatiq.Message(queue_name=QUEUE, actor_name=ACTOR, args=(job,), kwargs={}, options={})


class Queue:
    """The side of the ingest database: gives jobs out."""

    def __init__(self, url: str) -> None:
        self.redis, self.broker = connect(url), broker_at(url)

    def give_out(self, order: Order) -> None:
        """Queue one job. Raises QueueError when Redis does not take it."""
        try:
            self.redis.set(key("order", order.job), order.encode(), ex=LIFE)
            self.broker.enqueue(message(order.job))
        except redis.exceptions.RedisError as error:
            raise QueueError(f"Redis: {error}") from error


class SharedHosts(Hosts):
    """The pace of hosts, shared by all workers: who sets a host's key may ask it, and the key goes when the next may.

    While Redis is away nothing is asked.
    """

    def __init__(self, client: redis.Redis) -> None:
        super().__init__()
        self.redis = client

    async def turn(self, name: str, delay: float) -> float:
        began = time.monotonic()
        pause = max(1, int(1000 * max(delay, self.of(name).delay)))
        while not self.redis.set(key("host", name), "asked", nx=True, px=pause):
            await asyncio.sleep(max(1, self.redis.pttl(key("host", name))) / 1000)
        return time.monotonic() - began

    def hold(self, name: str, seconds: float) -> None:
        pause = max(1, int(seconds * 1000))
        if not self.redis.set(key("host", name), "held", nx=True, px=pause):
            self.redis.pexpire(key("host", name), pause, gt=True)


class Worker:
    """Takes jobs from the queue, does each in a process of its own, and ships their folders into `runs`."""

    def __init__(
        self, url: str, runs: Path, contact: str, jobs: int, run: Callable[..., None] = worker_job.run
    ) -> None:
        self.url, self.runs, self.contact, self.run = url, runs, contact, run
        self.processes = multiprocessing.get_context("forkserver")  # it has imported everything once, for all jobs
        modules = {source.__module__ for source in base.all_sources().values()}
        self.processes.set_forkserver_preload([run.__module__, *sorted(modules)])
        self.redis, self.broker = connect(url), broker_at(url)
        self.stopping = threading.Event()
        dramatiq.actor(self.work, actor_name=ACTOR, queue_name=QUEUE, broker=self.broker)
        self.worker = dramatiq.Worker(self.broker, worker_threads=jobs)
        self.worker.queue_prefetch = jobs  # what a busy worker holds back no idle one can take

    def serve(self) -> None:
        """Work until the process is told to end; what is not done by then goes back into the queue."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        self.worker.start()
        self.stopping.wait()
        self.worker.stop(timeout=30_000)

    def work(self, job: str) -> None:
        """Do one job, or put it back: its lane is taken, this worker is to end, the process died, Redis went away."""
        try:
            wait = self.try_job(job)
            if wait is not None:
                self.put_back(job, wait)
        except AWAY as error:
            click.echo(f"spheres: Redis is away: {error}", err=True)
            while not self.stopping.wait(RENEWAL):
                with suppress(*AWAY):
                    self.put_back(job, BUSY_WAIT)
                    return
            raise

    def put_back(self, job: str, wait: int) -> None:
        self.broker.enqueue(message(job), delay=wait or None)

    def try_job(self, job: str) -> int | None:
        """None when nothing is left to do, otherwise in how many milliseconds to try again."""
        text = self.redis.get(key("order", job))
        if text is None:  # another worker has done it, or nobody came for days
            return None
        order = Order.decode(text)
        lease = self.redis.lock(key("lane", order.lane), timeout=LEASE, thread_local=False)
        if not lease.acquire(blocking=False):
            return BUSY_WAIT
        try:
            starts = int(self.redis.incr(key("starts", job)))
            self.redis.expire(key("starts", job), LIFE)
            if starts > MOST_STARTS:
                self.give_up(order)
                code = 0
            else:
                code = self.run_child(text, lease)
            if code is None:
                self.redis.decr(key("starts", job))
                return 0
            if code:
                click.echo(f"spheres: {order.source}: its process ended with {code} (start {starts})", err=True)
                return BUSY_WAIT
            self.redis.delete(key("order", job), key("starts", job))
            return None
        finally:
            with suppress(LockError, *AWAY):
                lease.release()

    def run_child(self, order: bytes, lease: Any) -> int | None:
        """The exit code of the job's process; None when it was ended here: this worker is to end, or lost the lane."""
        theirs, ours = self.processes.Pipe(duplex=False)
        task = Task(order, self.runs, self.contact, self.url)
        child = self.processes.Process(target=self.run, args=(task, theirs))
        child.start()
        theirs.close()
        try:
            while not self.stopping.is_set():
                child.join(RENEWAL)
                if child.exitcode is not None:
                    return child.exitcode
                lease.reacquire()
            return None
        except LockError:  # the lane was lost: another worker may have it by now
            return None
        finally:
            child.kill()
            child.join()
            ours.close()

    def give_up(self, order: Order) -> None:
        """Ship a folder without rows, so that the run is rejected with this reason."""
        book = FolderBook(
            self.runs, job=order.job, source=order.source, mode=order.mode, input_name=order.input, worker="nobody"
        )
        book.close(Account(f"its process died {MOST_STARTS} times"))
        book.ship(None)


__all__ = ["Queue", "QueueError", "SharedHosts", "Worker", "connect"]
