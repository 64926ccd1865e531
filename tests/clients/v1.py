"""The v1 scheduler API in plain Python: a stream of events, and calls."""
import http.client
import json
import signal

# A script that waits in vain ends, and says where it was.
signal.alarm(90)

JSON = {"Content-Type": "application/json", "Accept": "application/json"}


def say(**what):
    print(json.dumps(what, sort_keys=True), flush=True)


class Stream:
    """One subscription: iterate over it for events, call it to call."""

    def __init__(self, master, roles, name="plain", capabilities=(), constraints=None, **info):
        self.master = master
        framework = dict(
            user="root",
            name=name,
            roles=list(roles),
            capabilities=[dict(type=kind) for kind in ("MULTI_ROLE", "RESERVATION_REFINEMENT") + tuple(capabilities)],
            **info,
        )
        self.info = framework
        connection = http.client.HTTPConnection(master, timeout=60)
        subscribe = dict(type="SUBSCRIBE", subscribe=dict(framework_info=framework))
        if constraints:
            subscribe["subscribe"]["offer_constraints"] = constraints
        if "id" in info:
            subscribe["framework_id"] = info["id"]
        connection.request("POST", "/api/v1/scheduler", json.dumps(subscribe), JSON)
        self.answer = connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.id = self.answer.headers["Mesos-Stream-Id"]
        self.framework = None

    def __iter__(self):
        while True:
            length = self.answer.readline()
            if not length:
                return
            left, body = int(length), b""
            while left:
                part = self.answer.read(left)
                body, left = body + part, left - len(part)
            event = json.loads(body)
            if event["type"] == "SUBSCRIBED":
                self.framework = event["subscribed"]["framework_id"]
                say(event="registered", framework=self.framework["value"])
            elif event["type"] == "UPDATE":
                self.acknowledge(event["update"]["status"])
            yield event

    def call(self, kind, **arguments):
        call = dict(type=kind, framework_id=self.framework)
        if arguments:
            call[kind.lower()] = arguments
        connection = http.client.HTTPConnection(self.master, timeout=60)
        connection.request("POST", "/api/v1/scheduler", json.dumps(call), dict(JSON, **{"Mesos-Stream-Id": self.id}))
        answer = connection.getresponse()
        body = answer.read()
        # Calls are taken; this one is done when it is answered.
        assert answer.status == (200 if kind == "UPDATE_FRAMEWORK" else 202), (answer.status, body)
        connection.close()

    def accept(self, offer, *operations, refuse_seconds=0):
        self.call("ACCEPT", offer_ids=[offer["id"]], operations=list(operations), filters=dict(refuse_seconds=refuse_seconds))

    def decline(self, *offers, refuse_seconds=600):
        self.call("DECLINE", offer_ids=[offer["id"] for offer in offers], filters=dict(refuse_seconds=refuse_seconds))

    def acknowledge(self, status):
        if "uuid" in status:
            self.call(
                "ACKNOWLEDGE", agent_id=status["agent_id"], task_id=status["task_id"], uuid=status["uuid"]
            )


def scalar(name, value, **rest):
    return dict(name=name, type="SCALAR", scalar=dict(value=value), **rest)


def dynamic(role):
    return dict(reservations=[dict(type="DYNAMIC", role=role)])


def volume(role, size, identity="v1", path="data"):
    disk = dict(persistence=dict(id=identity), volume=dict(container_path=path, mode="RW"))
    return scalar("disk", size, disk=disk, **dynamic(role))


def command(identity, agent, line, resources):
    return dict(name=identity, task_id=dict(value=identity), agent_id=agent, resources=resources, command=dict(value=line))


def launch(*tasks):
    return dict(type="LAUNCH", launch=dict(task_infos=list(tasks)))
