"""In the manner of richards: an operating system's scheduler with devices, queues and packets."""

from collections import deque

DEVICE, WORK = range(2)


class Packet:
    def __init__(self, kind, target, datum):
        self.kind = kind
        self.target = target
        self.datum = datum
        self.hops = 0


class Task:
    def __init__(self, system, name, priority):
        self.system = system
        self.name = name
        self.priority = priority
        self.queue = deque()
        self.held = False
        self.runs = 0
        system.tasks[name] = self

    def is_runnable(self):
        return bool(self.queue) and not self.held

    def receive(self, packet):
        packet.hops += 1
        self.queue.append(packet)

    def run(self):
        self.runs += 1
        packet = self.queue.popleft()
        if packet.hops > 40:
            self.system.finished += 1
            return
        self.handle(packet)


class Worker(Task):
    def handle(self, packet):
        value = packet.datum
        for _ in range(4):
            if value % 2:
                value = value * 3 + 1
            else:
                value //= 2
        packet.datum = value or 27
        packet.kind = DEVICE
        self.system.send("device-a" if value & 4 else "device-b", packet)


class Handler(Task):
    def handle(self, packet):
        if packet.kind == DEVICE:
            packet.kind = WORK
            self.system.send("worker", packet)
        else:
            self.system.send("device-b" if self.name == "handler-a" else "device-a", packet)


class Device(Task):
    def __init__(self, system, name, priority, handler):
        super().__init__(system, name, priority)
        self.handler = handler
        self.pending = None

    def handle(self, packet):
        if self.pending is None:
            self.pending = packet
            self.system.hold(self)
            return
        first, self.pending = self.pending, None
        self.system.send(self.handler, first)
        self.system.send(self.handler, packet)


class Idle(Task):
    def is_runnable(self):
        return True

    def run(self):
        self.runs += 1
        for task in self.system.order:
            if task.held:
                task.held = False
                if task.pending is not None and not task.queue:
                    packet, task.pending = task.pending, None
                    self.system.send(task.handler, packet)


class System:
    def __init__(self):
        self.tasks = {}
        self.finished = 0
        Idle(self, "idle", 0)
        Worker(self, "worker", 10)
        Handler(self, "handler-a", 20)
        Handler(self, "handler-b", 21)
        Device(self, "device-a", 30, "handler-a")
        Device(self, "device-b", 31, "handler-b")
        self.order = sorted(self.tasks.values(), key=lambda task: -task.priority)

    def send(self, name, packet):
        packet.target = name
        self.tasks[name].receive(packet)

    def hold(self, task):
        task.held = True

    def schedule(self, wanted):
        while self.finished < wanted:
            for task in self.order:
                if task.is_runnable():
                    task.run()
                    break


def run():
    for _ in range(72):
        system = System()
        for number in range(60):
            system.send("worker", Packet(WORK, "worker", 27 + number))
        system.schedule(60)
        assert system.finished == 60
