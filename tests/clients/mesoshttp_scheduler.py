"""Runs one command through mesoshttp and prints what becomes of it as JSON lines.

usage: mesoshttp_scheduler.py http://MASTER
"""
import json
import os
import sys
import threading

from mesoshttp.client import MesosClient

TERMINAL = ("TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_LOST", "TASK_ERROR")


def say(**what):
    print(json.dumps(what, sort_keys=True), flush=True)


class Command:
    def __init__(self, url):
        self.client = MesosClient(mesos_urls=[url], frameworkName="mesoshttp", frameworkUser="root")
        self.client.on(MesosClient.SUBSCRIBED, self.subscribed)
        self.client.on(MesosClient.OFFERS, self.offers)
        self.client.on(MesosClient.UPDATE, self.update)
        self.driver = None
        self.launched = False

    def subscribed(self, driver):
        self.driver = driver
        say(event="registered", framework=driver.frameworkId)

    def offers(self, offers):
        for offer in offers:
            if self.launched:
                offer.decline()
                continue
            self.launched = True
            mesos_offer = offer.get_offer()
            offer.accept(
                [
                    {
                        "name": "hello",
                        "task_id": {"value": "hello-1"},
                        "agent_id": {"value": mesos_offer["agent_id"]["value"]},
                        "resources": [
                            {"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}},
                            {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}},
                        ],
                        "command": {"value": "echo hello"},
                    }
                ]
            )

    def update(self, update):
        status = update["status"]
        say(event="update", task=status["task_id"]["value"], state=status["state"])
        if status["state"] in TERMINAL:
            self.driver.tearDown()
            say(event="stopped")
            os._exit(0)


COMMAND = Command(sys.argv[1])
RUNNER = threading.Thread(target=COMMAND.client.register, daemon=True)
RUNNER.start()
RUNNER.join(120)
say(event="stuck")
os._exit(1)
