"""Who is offered an agent in another region that a whitelist does not name, and then does.

One scheduler does not care for regions, one does, and one does but wants another host.

usage: placement.py MASTER WHITELIST
"""
import http.client
import json
import sys

from v1 import Stream, say

MASTER, WHITELIST = sys.argv[1:]


def get(path):
    connection = http.client.HTTPConnection(MASTER, timeout=60)
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


def metric(name):
    return get("/metrics/snapshot")[name]


def subscribe(name, *capabilities, constraints=None):
    stream = Stream(MASTER, [name], name=name, capabilities=capabilities, constraints=constraints)
    events = iter(stream)
    assert next(events)["type"] == "SUBSCRIBED"
    return stream, events


def offers():
    return {framework["name"]: len(framework["offers"]) for framework in get("/frameworks")["frameworks"]}


def main():
    elsewhere = dict(selector=dict(pseudoattribute_type="HOSTNAME"), predicate=dict(text_equals=dict(value="elsewhere")))
    constraints = dict(role_constraints=dict(picky=dict(groups=[dict(attribute_constraints=[elsewhere])])))
    # A stream that nobody holds is closed.
    plain = subscribe("plain")
    picky, _ = subscribe("picky", "REGION_AWARE", constraints=constraints)
    picky.call("SUPPRESS", roles=["picky"])
    _, events = subscribe("aware", "REGION_AWARE")
    runs = metric("allocator/mesos/allocation_runs")
    while metric("allocator/mesos/allocation_runs") < runs + 2:
        pass
    say(event="barred", offers=offers())
    (agent,) = get("/slaves")["slaves"]
    with open(WHITELIST, "w") as whitelist:
        print("elsewhere", agent["hostname"], sep="\n", file=whitelist)
    picky.call("REVIVE", roles=["picky"])
    for event in events:
        if event["type"] == "OFFERS":
            (one,) = event["offers"]["offers"]
            say(event="offered", domain=one["domain"], offers=offers())
            break
    picky.call("SUPPRESS", roles=["picky"])
    names = {framework["id"]: framework["name"] for framework in get("/frameworks")["frameworks"]}
    debug = get("/allocator/offer_constraints_debug")["frameworks"]
    found = json.dumps({names[id]: what for id, what in debug.items()}).replace(agent["id"], "the agent")
    say(event="excluded", frameworks=json.loads(found))


main()
