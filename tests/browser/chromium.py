"""Where the system's Chromium is. As a program: print its path, or exit with 1."""

import os
import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# 3D surfaces need WebGL, which a machine without a GPU draws in software.
SOFTWARE_WEBGL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")

# What is no WebGL costs less when no software plays the GPU for it: opening a page takes some
# fifth less of the processor.
NO_GPU = ("--disable-gpu-compositing",)

# Of the address bar, which nobody sees: it has pages of its own, which every window would load, at
# half a second each.
ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup")

# The last such flag is the one that counts: those of Playwright's that matter here are in it, too.
PLAYWRIGHTS = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("HttpsUpgrades", "HttpsFirstBalancedModeAutoEnable", "DestroyProfileOnBrowserClose"),
    *("AimEnabled", "LensOverlay", "MediaRouter", "OptimizationHints", "PreconnectToSearch"),
    "NetworkTimeServiceQuerying",
)

# Nothing but the server under test is ever spoken to: no updates, no look-ups, and every other
# name resolves to nothing.
OFFLINE = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def find() -> str | None:
    """Path of the browser: what CHROMIUM names, else the first that is installed."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def flags() -> list[str]:
    """Command-line flags under which Chromium is driven here."""
    # Chromium refuses its sandbox to root, as whom containers often run.
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    without = f"--disable-features={','.join((*ADDRESS_BAR, *PLAYWRIGHTS))}"
    return [*SOFTWARE_WEBGL, *NO_GPU, *OFFLINE, without, *as_root]


if __name__ == "__main__":
    path = find()
    print(path or f"none of {', '.join(NAMES)} is installed")
    sys.exit(path is None)
