"""Reserves, creates a volume and launches a task on it in one accept, through pymesos; prints what happens.

usage: pymesos_volumes.py MASTER
"""
import json
import os
import sys
import threading

from addict import Dict
from pymesos import MesosSchedulerDriver, Scheduler

MASTER, ROLE = sys.argv[1], "pyrole"
TERMINAL = ("TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_LOST", "TASK_ERROR")


def say(**what):
    print(json.dumps(what, sort_keys=True), flush=True)


def scalar(name, value, **rest):
    return dict(name=name, type="SCALAR", scalar=dict(value=value), **rest)


def reserved(**rest):
    return dict(role=ROLE, reservation={}, **rest)


def volume():
    disk = dict(persistence=dict(id="pv"), volume=dict(container_path="data", mode="RW"))
    return scalar("disk", 64, **reserved(disk=disk))


class Volumes(Scheduler):
    def __init__(self):
        self.step = "create"

    def registered(self, driver, framework_id, master_info):
        say(event="registered", framework=framework_id.value)

    def resourceOffers(self, driver, offers):
        for offer in offers:
            held = [part for part in offer.resources if "disk" in part]
            if self.step == "create":
                self.step = "running"
                task = Dict(
                    name="writer",
                    task_id=dict(value="writer"),
                    agent_id=offer.agent_id,
                    command=dict(value="echo written > data/file"),
                    resources=[scalar("cpus", 0.1), scalar("mem", 32), volume()],
                )
                driver.acceptOffers(
                    [offer.id],
                    [
                        dict(type="RESERVE", reserve=dict(resources=[scalar("disk", 64, **reserved())])),
                        dict(type="CREATE", create=dict(volumes=[volume()])),
                        dict(type="LAUNCH", launch=dict(task_infos=[task])),
                    ],
                    Dict(refuse_seconds=0),
                )
            elif self.step == "destroy" and held:
                self.step = "over"
                say(event="volume", id=held[0].disk.persistence.id, role=held[0].role)
                driver.acceptOffers(
                    [offer.id],
                    [
                        dict(type="DESTROY", destroy=dict(volumes=[volume()])),
                        dict(type="UNRESERVE", unreserve=dict(resources=[scalar("disk", 64, **reserved())])),
                    ],
                    Dict(refuse_seconds=0),
                )
            elif self.step == "over" and not held:
                say(event="stopped", disk=sum(part.scalar.value for part in offer.resources if part.name == "disk"))
                driver.stop()
            else:
                driver.declineOffer(offer.id, Dict(refuse_seconds=0))

    def statusUpdate(self, driver, update):
        say(event="update", task=update.task_id.value, state=update.state, message=update.get("message", ""))
        if update.state in TERMINAL:
            self.step = "destroy"

    def error(self, driver, message):
        say(event="error", message=message)
        os._exit(1)


def main():
    framework = Dict(user="root", name="pyvolumes", role=ROLE)
    driver = MesosSchedulerDriver(Volumes(), framework, MASTER, use_addict=True)
    runner = threading.Thread(target=driver.run, daemon=True)
    runner.start()
    runner.join(120)
    os._exit(1 if runner.is_alive() else 0)


main()
