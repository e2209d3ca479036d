"""A lake whose S3 is a server of the tests' own (fault_server.py, swift.py)."""
from lake import Lake


class NetLake(Lake):
    def __init__(self, server):
        super().__init__()
        self.server = server

    def environment(self, extra=None):
        env = super().environment(extra)
        del env["TARN_S3_ROOT"]
        return {**env, "HOME": "/nonexistent", **self.server.environment(), **(extra or {})}
