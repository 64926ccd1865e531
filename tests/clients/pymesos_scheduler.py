"""Runs commands, or tasks on an own executor, through pymesos, and prints what becomes of them as JSON lines.

usage: pymesos_scheduler.py MASTER command|executor [N]
"""
import json
import os
import sys
import threading

from addict import Dict
from pymesos import MesosSchedulerDriver, Scheduler, decode_data, encode_data

MASTER, KIND = sys.argv[1], sys.argv[2]
N = int(sys.argv[3]) if len(sys.argv) > 3 else 3
TERMINAL = ("TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_LOST", "TASK_ERROR")


def say(**what):
    print(json.dumps(what, sort_keys=True), flush=True)


class Commands(Scheduler):
    def __init__(self):
        self.launched = 0
        self.ended = 0

    def registered(self, driver, framework_id, master_info):
        say(event="registered", framework=framework_id.value, version=driver.version)

    def resourceOffers(self, driver, offers):
        for offer in offers:
            tasks = []
            while self.launched < N and len(tasks) < 2:
                tasks.append(self.task(offer))
                self.launched += 1
            if tasks:
                driver.launchTasks(offer.id, tasks, Dict(refuse_seconds=0))
            else:
                driver.declineOffer(offer.id, Dict(refuse_seconds=600))

    def task(self, offer):
        task = Dict()
        task.task_id.value = "task-%d" % self.launched
        task.agent_id.value = offer.agent_id.value
        task.name = "task"
        task.resources = [
            dict(name="cpus", type="SCALAR", scalar=dict(value=0.1)),
            dict(name="mem", type="SCALAR", scalar=dict(value=32)),
        ]
        if KIND == "command":
            task.command.value = "echo hello; exit %d" % (3 if self.launched == 1 else 0)
        else:
            executor = Dict()
            executor.executor_id.value = "counter"
            executor.name = "counter"
            executor.framework_id = dict(value=self_framework(self))
            executor.command.value = "%s %s" % (
                sys.executable,
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "pymesos_executor.py"),
            )
            executor.resources = [
                dict(name="mem", type="SCALAR", scalar=dict(value=64)),
                dict(name="cpus", type="SCALAR", scalar=dict(value=0.1)),
            ]
            task.executor = executor
            task.data = encode_data(b"%d" % self.launched)
        return task

    def frameworkMessage(self, driver, executor_id, agent_id, message):
        say(event="message", executor=executor_id.value, data=decode_data(message).decode())

    def statusUpdate(self, driver, update):
        say(event="update", task=update.task_id.value, state=update.state, message=update.get("message", ""))
        if update.state == "TASK_RUNNING" and KIND == "executor":
            driver.sendFrameworkMessage(
                Dict(value="counter"), update.agent_id, encode_data(b"finish " + update.task_id.value.encode())
            )
        if update.state in TERMINAL:
            self.ended += 1
            if self.ended == N:
                driver.stop()

    def error(self, driver, message):
        say(event="error", message=str(message))


FRAMEWORK = Dict(user="root", name="pymesos", hostname="localhost", failover_timeout=60)


def self_framework(_):
    return DRIVER.framework_id


DRIVER = MesosSchedulerDriver(Commands(), FRAMEWORK, MASTER, use_addict=True)
RUNNER = threading.Thread(target=DRIVER.run)
RUNNER.start()
RUNNER.join(120)
if RUNNER.is_alive():
    say(event="stuck")
    os._exit(1)
say(event="stopped")
