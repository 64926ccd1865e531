"""Runs a task on revocable cpus through the v1 scheduler API, in plain Python; prints what happens as JSON lines.

usage: spare.py MASTER
"""
import sys

from v1 import Stream, command, launch, say, scalar


def main():
    stream = Stream(sys.argv[1], ["web"], capabilities=("REVOCABLE_RESOURCES",))
    launched = False
    for event in stream:
        if event["type"] == "OFFERS":
            for offer in event["offers"]["offers"]:
                spare = [part for part in offer["resources"] if "revocable" in part]
                if launched or not spare:
                    stream.decline(offer, refuse_seconds=0)
                    continue
                launched = True
                say(event="offered", resources={part["name"]: part["scalar"]["value"] for part in spare})
                resources = [scalar("cpus", 0.5, revocable={}), scalar("mem", 32)]
                stream.accept(offer, launch(command("t", offer["agent_id"], "sleep 1000", resources)))
        elif event["type"] == "UPDATE":
            status = event["update"]["status"]
            say(event="update", task="t", state=status["state"], reason=status.get("reason", ""))
            if status["state"] in ("TASK_LOST", "TASK_FAILED", "TASK_GONE", "TASK_ERROR"):
                stream.call("TEARDOWN")
                say(event="stopped")
                return


main()
