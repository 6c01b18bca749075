"""What the browser tests need: the way to a browser, and a JupyterLab with settings of its own."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import psutil

from tests.course import SHORT

COMMANDS = ("google-chrome", "google-chrome-stable", "chrome", "chromium", "chromium-browser",
            "microsoft-edge", "microsoft-edge-stable", "msedge")  # fmt: skip
MACOS = ("Google Chrome", "Chromium", "Microsoft Edge")
WINDOWS = (("Google", "Chrome", "Application", "chrome.exe"),
           ("Chromium", "Application", "chrome.exe"),
           ("Microsoft", "Edge", "Application", "msedge.exe"))  # fmt: skip
PROGRAMS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")  # where Windows keeps them

# No news pop-up, and all cells on the page at once, not only those in view.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false", "checkForUpdates": False,
    },
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}  # fmt: skip


def find_browser(environment=os.environ, which=shutil.which):
    """Return the path of Chrome, Chromium or Edge as a str, or None if there is none.

    The variable COURSE_BROWSER goes before all others; raises FileNotFoundError if it names
    nothing.
    """
    chosen = environment.get("COURSE_BROWSER")
    if chosen:
        if which(chosen) is None:
            raise FileNotFoundError(f"COURSE_BROWSER names {chosen}, which is no program")
        return which(chosen)
    roots = [environment[name] for name in PROGRAMS if environment.get(name)]
    places = [Path(root, *parts) for root in roots for parts in WINDOWS]
    places += [Path("/Applications", f"{name}.app", "Contents", "MacOS", name) for name in MACOS]
    found = [which(command) for command in COMMANDS] + [str(p) for p in places if p.exists()]
    return next((path for path in found if path), None)


class JupyterLab:
    """A JupyterLab server for this machine alone, with a token and settings of its own.

        with JupyterLab(folder, private) as lab:
            page.goto(lab.url("doc/tree/01_numpy_broadcasting.ipynb"))

    folder: what it serves. private: an empty folder for its settings, its log and its kernels'.
    At the end of the block the server and its kernels have ended.
    """

    def __init__(self, folder, private):
        self.folder, self.private = Path(folder), Path(private)
        self.token = secrets.token_hex(16)

    def __enter__(self):
        settings = self.private / "app"
        settings.mkdir(parents=True)
        (settings / "overrides.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
        own = {
            "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython",
        }  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]  # free now; if it is taken meanwhile, the next one is
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
            "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
            f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.folder}",
            f"--LabApp.app_settings_dir={settings}",
        ]  # fmt: skip
        self.log = self.private / "log.txt"
        with self.log.open("w", encoding="utf-8") as log:
            self.process = psutil.Popen(
                command, stdout=log, stderr=subprocess.STDOUT,
                env=os.environ | SHORT | {name: str(self.private / at) for name, at in own.items()},
            )  # fmt: skip
        try:
            self.address = self._wait_for_address()
        except BaseException:
            end(self.processes(), seconds=0)
            raise
        return self

    def __exit__(self, *_):
        """End the server and its kernels. Raises RuntimeError if some had to be killed."""
        processes = self.processes()
        with suppress(OSError):  # it may have ended already
            self.request("POST", "api/shutdown")
        killed = end(processes, seconds=20)
        if killed:
            raise RuntimeError(f"had to kill {killed}; the server said:\n{self.read_log()}")

    def url(self, path):
        """Return the address of a page of the server."""
        return f"{self.address}{path}?token={self.token}"

    def request(self, method, path, timeout=10):
        """Ask the server's interface; returns what it answers, read as JSON."""
        request = urllib.request.Request(
            self.address + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=timeout) as answer:
            return json.loads(answer.read() or "null")

    def end_kernels(self):
        """End every kernel, as Kernel > Shut Down All Kernels does."""
        for session in self.request("GET", "api/sessions"):
            self.request("DELETE", f"api/sessions/{session['id']}")

    def processes(self):
        """Return the processes of the server and its kernels; none when it has ended."""
        try:
            return [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def read_log(self):
        """Return what the server has said."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _wait_for_address(self, seconds=180):
        """Return the address that the server wrote down when it was up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            for path in (self.private / "runtime").glob("jpserver-*.json"):
                try:
                    address = json.loads(path.read_text(encoding="utf-8"))["url"]
                    self.address = address.replace("localhost", "127.0.0.1")
                    self.request("GET", "api/status")
                    return self.address
                except (OSError, ValueError):
                    pass  # the file is being written, or the server does not listen yet
            time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start; its log:\n{self.read_log()}")


def end(processes, seconds):
    """Give processes some seconds to end by themselves; kill and return those that do not."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return alive
