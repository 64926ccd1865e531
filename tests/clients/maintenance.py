"""A machine goes down for maintenance under a scheduler of the v1 API, in plain Python; prints what happens.

usage: maintenance.py MASTER
"""
import http.client
import json
import sys
import time

from v1 import JSON, Stream, command, launch, say, scalar

MASTER = sys.argv[1]


def ask(method, path, body=None):
    connection = http.client.HTTPConnection(MASTER, timeout=60)
    connection.request(method, path, None if body is None else json.dumps(body), JSON)
    answer = connection.getresponse()
    text = answer.read().decode()
    assert answer.status == 200, (path, answer.status, text)
    return json.loads(text) if text else None


def machine():
    slave = ask("GET", "/slaves")["slaves"][0]
    return dict(hostname=slave["hostname"], ip=slave["pid"].split("@")[1].split(":")[0])


def schedule(after):
    start = int((time.time() + after) * 1e9)
    window = dict(
        machine_ids=[machine()],
        unavailability=dict(start=dict(nanoseconds=start), duration=dict(nanoseconds=3600 * 10**9)),
    )
    ask("POST", "/maintenance/schedule", dict(windows=[window]))


def answers():
    machines = ask("GET", "/maintenance/status").get("draining_machines", [])
    return [status["status"] for part in machines for status in part.get("statuses", [])]


def main():
    stream = Stream(MASTER, ["web"])
    launched, asked = False, 0
    for event in stream:
        if event["type"] == "OFFERS":
            for offer in event["offers"]["offers"]:
                if asked and "unavailability" in offer:
                    say(event="offered")
                if launched:
                    stream.decline(offer, refuse_seconds=0)
                    continue
                launched = True
                task = command("t", offer["agent_id"], "sleep 1000", [scalar("cpus", 0.1), scalar("mem", 32)])
                stream.accept(offer, launch(task))
        elif event["type"] == "UPDATE":
            state = event["update"]["status"]["state"]
            say(event="update", task="t", state=state)
            if state == "TASK_RUNNING":
                schedule(3600)
            if state in ("TASK_LOST", "TASK_FAILED"):
                say(event="stopped")
                stream.call("TEARDOWN")
                return
        elif event["type"] == "INVERSE_OFFERS":
            asked += 1
            offer = event["inverse_offers"]["inverse_offers"][0]
            say(event="asked", agent="agent_id" in offer, start="start" in offer["unavailability"])
            ids = [offer["id"]]
            if asked == 1:
                stream.call("DECLINE_INVERSE_OFFERS", inverse_offer_ids=ids, filters=dict(refuse_seconds=0))
                say(event="answered", answers=answers())
            elif asked == 2:
                schedule(7200)
            else:
                stream.call("ACCEPT_INVERSE_OFFERS", inverse_offer_ids=ids)
                say(event="answered", answers=answers())
                ask("POST", "/machine/down", [machine()])
                say(event="down", machines=len(ask("GET", "/maintenance/status")["down_machines"]))
        elif event["type"] == "RESCIND_INVERSE_OFFER":
            say(event="rescinded")
        elif event["type"] == "FAILURE":
            say(event="failure")


main()
