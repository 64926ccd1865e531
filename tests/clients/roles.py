"""One scheduler in two roles: each refuses, suppresses and revives for itself; one is left, and another joined.

usage: roles.py MASTER
"""
import http.client
import json
import sys

from v1 import Stream, say

MASTER = sys.argv[1]


def roles():
    connection = http.client.HTTPConnection(MASTER, timeout=60)
    connection.request("GET", "/roles")
    found = json.loads(connection.getresponse().read())["roles"]
    return {role["name"]: dict(frameworks=len(role["frameworks"]), offered=role["offered"].get("mem", 0) > 0) for role in found}


def offer(events):
    for event in events:
        if event["type"] == "OFFERS":
            (one,) = event["offers"]["offers"]
            role = one["allocation_info"]["role"]
            assert all(part["allocation_info"]["role"] == role for part in one["resources"]), one
            return one, role
        if event["type"] == "ERROR":
            sys.exit(event["error"]["message"])


def main():
    stream = Stream(MASTER, ["dev", "ops"], name="two", failover_timeout=60)
    events = iter(stream)
    one, first = offer(events)
    stream.decline(one)
    one, second = offer(events)
    say(event="declined", roles=sorted([first, second]))
    stream.decline(one)
    stream.call("SUPPRESS", roles=[second])
    stream.call("REVIVE", roles=[first])
    one, role = offer(events)
    say(event="revived", same=role == first)
    stream.decline(one)
    stream.call("REVIVE", roles=[second])
    one, role = offer(events)
    say(event="unsuppressed", same=role == second, roles=roles()[second])
    info = dict(stream.info, id=stream.framework, roles=[first])
    stream.call("UPDATE_FRAMEWORK", framework_info=info)
    for event in events:
        if event["type"] == "RESCIND":
            say(event="rescinded", same=event["rescind"]["offer_id"] == one["id"])
            break
    stream.call("REVIVE", roles=[first])
    one, role = offer(events)
    say(event="left", same=role == first, known=second in roles())
    stream.answer.close()

    stream = Stream(MASTER, ["third"], name="two", failover_timeout=60, id=stream.framework)
    one, role = offer(iter(stream))
    known = roles()
    say(event="joined", role=role, roles=known[role], known=first in known)
    stream.call("TEARDOWN")
    say(event="stopped")


main()
