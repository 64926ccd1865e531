"""An executor on pymesos: a task runs until its scheduler says it is to finish."""
import sys

from addict import Dict
from pymesos import Executor, MesosExecutorDriver, decode_data, encode_data


class Counter(Executor):
    def launchTask(self, driver, task):
        self.update(driver, task.task_id, "TASK_RUNNING")

    def frameworkMessage(self, driver, message):
        _, task = decode_data(message).decode().split()
        driver.sendFrameworkMessage(encode_data(b"finished " + task.encode()))
        self.update(driver, Dict(value=task), "TASK_FINISHED")

    def update(self, driver, task_id, state):
        status = Dict()
        status.task_id = task_id
        status.state = state
        status.timestamp = 0
        driver.sendStatusUpdate(status)

    def killTask(self, driver, task_id):
        self.update(driver, task_id, "TASK_KILLED")


if __name__ == "__main__":
    sys.exit(MesosExecutorDriver(Counter(), use_addict=True).run() and 0)
