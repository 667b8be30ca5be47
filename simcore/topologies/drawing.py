"""A topology in a file: machines, devices and wires, and which GPUs serve which pool."""

import hashlib
import tomllib
from collections import Counter
from dataclasses import dataclass

import gpu_catalog
from simcore.errors import ScenarioError, one_line
from simcore.topologies.drawing_checks import (
    refuse_loose_memories,
    refuse_separate_parts,
    refuse_shared_names,
)
from simcore.topologies.drawing_values import (
    kind_of,
    nearest,
    number_of,
    refuse_unknown,
    repeated,
    shown,
    tables_of,
    text_of,
)
from simcore.topologies.graph import IN_MACHINE, IN_NETWORK, NodeKind

MOST_BYTES = 2**20
MOST_DEVICES, MOST_WIRES = 8192, 32768
MOST_BANDWIDTH, MOST_LATENCY_S = 1e14, 10.0

JOINED = (
    {NodeKind.GPU, *IN_MACHINE},
    {NodeKind.GPU, NodeKind.NVSWITCH},
    {NodeKind.GPU, NodeKind.NIC},
    {NodeKind.NIC, *IN_MACHINE},
    {NodeKind.NIC, *IN_NETWORK},
    {NodeKind.HOST, NodeKind.MEMORY},
)
"""Kinds of devices between which there may be wires."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device or switch of a drawing; `machine` is "" for one of a network."""

    name: str
    kind: NodeKind
    machine: str


@dataclass(frozen=True, slots=True)
class Cable:
    """A wire of a drawing.

    Attributes
    ----------
    ends : names of two devices
    link : of the catalog; None where bandwidth [byte/s] and latency [s] are given
    """

    name: str
    group: str
    ends: tuple[str, str]
    link: str | None
    bandwidth: float
    latency: float
    full_duplex: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a file says.

    Attributes
    ----------
    racks : by name of a machine, its rack; its own name where the file names none
    prefill, decode : names of the GPUs of each pool by rank; None where a rule decides
    digest : of the file, as hexadecimal text
    """

    name: str
    racks: dict[str, str]
    devices: tuple[Device, ...]
    cables: tuple[Cable, ...]
    prefill: tuple[str, ...] | None
    decode: tuple[str, ...] | None
    digest: str


def drawing_in(text: str, where: str) -> Drawing:
    """The topology in a TOML text, which errors call `where`.

    Raises ScenarioError, naming place, problem and remedy, where it is none.
    """
    try:
        return _read(text)
    except ScenarioError as error:
        raise ScenarioError(f"{where}: {one_line(str(error))}", field="topology") from None


def _read(text):
    if len(text) > MOST_BYTES:
        raise ScenarioError(f"a topology has at most {MOST_BYTES // 2**20} MiB")
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ScenarioError(f"this is not TOML: {error}; correct it there") from None
    keys = ("name", "notes", "prefill", "decode", "machines", "devices", "wires")
    refuse_unknown(table, keys, "")
    name = text_of(table, "name", "")
    racks = _machines(tables_of(table, "machines"))
    devices = _devices(tables_of(table, "devices"), racks)
    cables = _cables(tables_of(table, "wires"), devices)
    refuse_shared_names(devices, cables)
    pools = {pool: _ranks(table, pool, devices) for pool in ("prefill", "decode")}
    if (pools["prefill"] is None) != (pools["decode"] is None):
        raise ScenarioError("prefill and decode go together; list the GPUs of both, or of none")
    twice = Counter((pools["prefill"] or ()) + (pools["decode"] or ()))
    for gpu, count in twice.items():
        if count > 1:
            raise ScenarioError(f"{gpu!r} serves twice; list each GPU once in prefill or decode")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Drawing(name, racks, devices, cables, pools["prefill"], pools["decode"], digest)


def _machines(tables):
    racks: dict[str, str] = {}
    for at, table in tables:
        refuse_unknown(table, ("name", "rack"), at)
        name = text_of(table, "name", at)
        if name in racks:
            raise ScenarioError(f"{at}: two machines are called {name!r}; rename one")
        racks[name] = text_of(table, "rack", at) if "rack" in table else name
    return racks


def _devices(tables, racks):
    found: dict[str, tuple[Device, str]] = {}
    for at, table in repeated(tables):
        refuse_unknown(table, ("name", "kind", "machine"), at)
        name, kind = text_of(table, "name", at), kind_of(table, at)
        machine = text_of(table, "machine", at) if "machine" in table else ""
        if machine and machine not in racks:
            raise ScenarioError(
                f"{at}.machine: no machine is called {machine!r}; {nearest(machine, racks)}"
            )
        if machine and kind in IN_NETWORK:
            raise ScenarioError(f"{at}: a {kind.value} is in no machine; leave `machine` out")
        if not machine and kind not in IN_NETWORK and kind is not NodeKind.NVSWITCH:
            raise ScenarioError(f"{at}: a {kind.value} is in a machine; say `machine`")
        if name in found:
            raise ScenarioError(
                f"{at}: a device is called {name!r} already, that of {found[name][1]}; rename one"
            )
        found[name] = Device(name, kind, machine), at
        if len(found) > MOST_DEVICES:
            raise ScenarioError(f"there are more than {MOST_DEVICES:,} devices; draw a part")
    if sum(device.kind is NodeKind.GPU for device, _ in found.values()) < 2:
        raise ScenarioError('there are fewer than two devices of kind = "gpu"; add them')
    return tuple(device for device, _ in found.values())


def _cables(tables, devices):
    kinds = {device.name: device.kind for device in devices}
    cables = []
    for at, table in repeated(tables):
        cables.append(_cable(table, at, kinds))
        if len(cables) > MOST_WIRES:
            raise ScenarioError(f"there are more than {MOST_WIRES:,} wires; draw a part")
    refuse_loose_memories(kinds, cables)
    refuse_separate_parts(kinds, cables)
    return tuple(cables)


def _cable(table, at, kinds):
    keys = ("name", "group", "ends", "link", "bandwidth_GBps", "latency_us", "full_duplex")
    refuse_unknown(table, keys, at)
    ends = table.get("ends")
    if not isinstance(ends, list) or len(ends) != 2:
        raise ScenarioError(f'{at}.ends = {shown(ends)}; name two devices, as ["gpu 0", "switch"]')
    for end in ends:
        if not isinstance(end, str) or end not in kinds:
            raise ScenarioError(
                f"{at}.ends: the wire leads nowhere: no device is called {shown(end)}; "
                f"{nearest(end, kinds)}"
            )
    a, b = ends
    pair = {kinds[a], kinds[b]}
    if a == b:
        raise ScenarioError(f"{at}.ends: the wire leads from {a!r} to itself; name another device")
    if not any(pair <= joined for joined in JOINED):
        raise ScenarioError(
            f"{at}.ends: a wire cannot join a {kinds[a].value} and a {kinds[b].value}; GPUs reach "
            "a network through a nic, and a memory belongs to a host"
        )
    link, bandwidth, latency = _values(table, at)
    full_duplex = table.get("full_duplex", True)
    if type(full_duplex) is not bool:
        raise ScenarioError(f"{at}.full_duplex = {shown(full_duplex)}; use true or false")
    name = text_of(table, "name", at) if "name" in table else f"{a} to {b}"
    group = f"{kinds[a].value} to {kinds[b].value}"
    group = text_of(table, "group", at) if "group" in table else group
    return Cable(name, group, (a, b), link, bandwidth, latency, full_duplex)


def _values(table, at):
    """Link, bandwidth [byte/s] and latency [s]; either the first or the others."""
    own = "bandwidth_GBps" in table or "latency_us" in table
    if ("link" in table and own) or not ("link" in table or own):
        raise ScenarioError(
            f"{at}: say either `link`, a link of the catalog, or `bandwidth_GBps` and `latency_us`"
        )
    if not own:
        link = text_of(table, "link", at)
        try:
            return gpu_catalog.link(link).name, 0.0, 0.0
        except gpu_catalog.CatalogError as error:
            raise ScenarioError(f"{at}.link: {error}") from None
    bandwidth = number_of(table, "bandwidth_GBps", at, 1e9, MOST_BANDWIDTH)
    if bandwidth == 0:
        raise ScenarioError(f"{at}.bandwidth_GBps = 0 would never deliver; use a number above 0")
    return None, bandwidth, number_of(table, "latency_us", at, 1e-6, MOST_LATENCY_S)


def _ranks(table, pool, devices):
    if pool not in table:
        return None
    names = table[pool]
    gpus = {device.name for device in devices if device.kind is NodeKind.GPU}
    if not isinstance(names, list) or not names:
        raise ScenarioError(f"{pool} = {shown(names)}; list the names of GPUs, by rank")
    for name in names:
        if not isinstance(name, str) or name not in gpus:
            raise ScenarioError(f"{pool}: no GPU is called {shown(name)}; {nearest(name, gpus)}")
    return tuple(names)
