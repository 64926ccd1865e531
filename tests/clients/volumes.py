"""A persistent volume through the v1 scheduler API, in plain Python; prints what happens as JSON lines.

usage: volumes.py MASTER write|read|grow|shrink|destroy
"""
import sys

from v1 import Stream, command, dynamic, launch, say, scalar, volume

MASTER, WHAT = sys.argv[1], sys.argv[2]
ROLE = "web/shop"
TERMINAL = ("TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_LOST", "TASK_ERROR")


def operations(agent):
    """What is done with the first offer that has what it takes; ids ask for feedback."""
    small = [scalar("cpus", 0.1), scalar("mem", 32)]
    reserve = dict(type="RESERVE", id=dict(value="reserve"), reserve=dict(resources=[scalar("disk", 256, **dynamic(ROLE))]))
    create = dict(type="CREATE", id=dict(value="create"), create=dict(volumes=[volume(ROLE, 128)]))
    grow = dict(
        type="GROW_VOLUME",
        id=dict(value="grow"),
        grow_volume=dict(volume=volume(ROLE, 128), addition=scalar("disk", 64, **dynamic(ROLE))),
    )
    shrink = dict(
        type="SHRINK_VOLUME",
        id=dict(value="shrink"),
        shrink_volume=dict(volume=volume(ROLE, 192), subtract=dict(value=64)),
    )
    destroy = dict(type="DESTROY", id=dict(value="destroy"), destroy=dict(volumes=[volume(ROLE, 128)]))
    unreserve = dict(
        type="UNRESERVE", id=dict(value="unreserve"), unreserve=dict(resources=[scalar("disk", 256, **dynamic(ROLE))])
    )
    bad = dict(type="RESERVE", id=dict(value="bad"), reserve=dict(resources=[scalar("disk", 1e6, **dynamic(ROLE))]))
    return dict(
        write=[
            bad,
            reserve,
            create,
            launch(command("write", agent, "echo hello > data/greeting", small + [volume(ROLE, 128)])),
        ],
        read=[launch(command("read", agent, "cat data/greeting", small + [volume(ROLE, 128)]))],
        grow=[grow],
        shrink=[shrink],
        destroy=[destroy, unreserve],
    )[WHAT]


def main():
    stream = Stream(MASTER, [ROLE], checkpoint=True, failover_timeout=0)
    wanted = set()
    asked = False
    for event in stream:
        if event["type"] == "OFFERS":
            for offer in event["offers"]["offers"]:
                if asked:
                    stream.decline(offer)
                    continue
                asked = True
                held = [part for part in offer["resources"] if "disk" in part or part.get("reservations")]
                say(event="offered", reserved=sum(part["scalar"]["value"] for part in held))
                todo = operations(offer["agent_id"])
                wanted = {part["id"]["value"] for part in todo if "id" in part}
                wanted |= {task["task_id"]["value"] for part in todo for task in part.get("launch", {}).get("task_infos", [])}
                stream.accept(offer, *todo)
        elif event["type"] == "UPDATE":
            status = event["update"]["status"]
            say(event="update", task=status["task_id"]["value"], state=status["state"], message=status.get("message", ""))
            if status["state"] in TERMINAL:
                wanted.discard(status["task_id"]["value"])
        elif event["type"] == "UPDATE_OPERATION_STATUS":
            status = event["update_operation_status"]["status"]
            identity = status["operation_id"]
            say(
                event="operation",
                operation=identity["value"],
                state=status["state"],
                message=status.get("message", ""),
                reliable="uuid" in status,
            )
            if "uuid" in status:
                stream.call(
                    "ACKNOWLEDGE_OPERATION_STATUS",
                    agent_id=status["agent_id"],
                    operation_id=identity,
                    uuid=status["uuid"]["value"],
                )
                # What was acknowledged is forgotten.
                stream.call(
                    "RECONCILE_OPERATIONS", operations=[dict(operation_id=identity, agent_id=status["agent_id"])]
                )
            else:
                wanted.discard(identity["value"])
        elif event["type"] == "ERROR":
            sys.exit(event["error"]["message"])
        if asked and not wanted:
            stream.call("TEARDOWN")
            say(event="stopped")
            return


main()
