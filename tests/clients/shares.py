"""Two schedulers in two roles take one small task's worth of each offer until nothing is left; prints who got how much.

usage: shares.py MASTER TASKS
"""
import sys
import threading

from v1 import Stream, command, launch, say, scalar

MASTER, TASKS = sys.argv[1], int(sys.argv[2])
LOCK = threading.Lock()
COUNTS = {"heavy": 0, "light": 0}
OVER = threading.Event()


def take(role):
    stream = Stream(MASTER, [role], name=role)
    for event in stream:
        if event["type"] != "OFFERS":
            continue
        for offer in event["offers"]["offers"]:
            with LOCK:
                over = sum(COUNTS.values()) == TASKS
                if not over:
                    COUNTS[role] += 1
                    number = COUNTS[role]
            if over:
                stream.decline(offer)
            else:
                resources = [scalar("cpus", 0.5), scalar("mem", 32)]
                stream.accept(offer, launch(command("%s-%d" % (role, number), offer["agent_id"], "sleep 1000", resources)))
            if sum(COUNTS.values()) == TASKS:
                OVER.set()


for name in COUNTS:
    threading.Thread(target=take, args=(name,), daemon=True).start()
if not OVER.wait(60):
    say(event="stuck", **COUNTS)
    sys.exit(1)
say(event="shared", **COUNTS)
