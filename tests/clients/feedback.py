"""A scheduler that dies before it acknowledges the end of an operation, and its successor that does.

usage: feedback.py MASTER begin|end [FRAMEWORK]
"""
import sys

from v1 import Stream, dynamic, say, scalar

MASTER, WHAT = sys.argv[1], sys.argv[2]
ROLE = "keeper"


def told(event):
    status = event["update_operation_status"]["status"]
    say(
        event="operation",
        operation=status["operation_id"]["value"],
        state=status["state"],
        uuid=status.get("uuid", {}).get("value"),
    )
    return status


def begin():
    stream = Stream(MASTER, [ROLE], checkpoint=True, failover_timeout=600)
    asked = False
    for event in stream:
        if event["type"] == "OFFERS" and not asked:
            asked = True
            reserve = dict(resources=[scalar("disk", 64, **dynamic(ROLE))])
            stream.accept(event["offers"]["offers"][0], dict(type="RESERVE", id=dict(value="kept"), reserve=reserve))
        elif event["type"] == "UPDATE_OPERATION_STATUS":
            told(event)
            return


def end():
    stream = Stream(MASTER, [ROLE], checkpoint=True, failover_timeout=600, id=dict(value=sys.argv[3]))
    for event in stream:
        if event["type"] == "UPDATE_OPERATION_STATUS":
            status = told(event)
            if "uuid" not in status:
                break
            identity = status["operation_id"]
            stream.call(
                "ACKNOWLEDGE_OPERATION_STATUS",
                agent_id=status["agent_id"],
                operation_id=identity,
                uuid=status["uuid"]["value"],
            )
            stream.call("RECONCILE_OPERATIONS", operations=[dict(operation_id=identity, agent_id=status["agent_id"])])
    stream.call("TEARDOWN")


dict(begin=begin, end=end)[WHAT]()
say(event="stopped")
