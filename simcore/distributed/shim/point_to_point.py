"""`torch.distributed` from one rank to another, simulated."""

from simcore.distributed.shim.tensors import on_end
from simcore.distributed.shim.work import SimulatedWork
from simcore.distributed.shim.world import group_of, member_of, peer_in


def send(tensor, dst=None, group=None, tag=0, group_dst=None):
    """As `torch.distributed.send`."""
    group = member_of(group, "send")
    if group is None:
        return
    peer = peer_in(group, "dst", dst, group_dst)
    _check_not_self("send", "dst", group, peer)
    group.communicator.send(on_end(tensor, "send", "tensor"), peer, tag)


def recv(tensor, src=None, group=None, tag=0, group_src=None):
    """As `torch.distributed.recv`: returns the rank, in the whole world, that it came from."""
    group = member_of(group, "recv")
    if group is None:
        return -1
    _check_source("recv", src, group_src)
    peer = peer_in(group, "src", src, group_src)
    _check_not_self("recv", "src", group, peer)
    group.communicator.recv(on_end(tensor, "recv", "tensor"), peer, tag)
    return group.ranks[peer]


def isend(tensor, dst=None, group=None, tag=0, group_dst=None):
    """As `torch.distributed.isend`."""
    group = member_of(group, "isend")
    if group is None:
        return None
    peer = peer_in(group, "dst", dst, group_dst)
    data = on_end(tensor, "isend", "tensor")
    return SimulatedWork(group.communicator.isend(data, peer, tag), [tensor])


def irecv(tensor, src=None, group=None, tag=0, group_src=None):
    """As `torch.distributed.irecv`."""
    group = member_of(group, "irecv")
    if group is None:
        return None
    _check_source("irecv", src, group_src)
    peer = peer_in(group, "src", src, group_src)
    data = on_end(tensor, "irecv", "tensor")
    work = group.communicator.irecv(data, peer, tag)
    return SimulatedWork(work, [tensor], source=group.ranks[peer])


class P2POp:
    """As `torch.distributed.P2POp`: an isend or irecv to come."""

    def __init__(self, op, tensor, peer=None, group=None, tag=0, group_peer=None):
        if op is not isend and op is not irecv:
            raise ValueError("op must be torch.distributed.isend or torch.distributed.irecv")
        self.op = op
        self.tensor = tensor
        self.group = group_of(group)
        self.group_peer = peer_in(self.group, "peer", peer, group_peer)
        self.peer = self.group.ranks[self.group_peer]
        self.tag = tag


def batch_isend_irecv(p2p_op_list):
    """As `torch.distributed.batch_isend_irecv`: all are posted, in their order."""
    if not p2p_op_list or not all(isinstance(each, P2POp) for each in p2p_op_list):
        raise ValueError("p2p_op_list must be a list of torch.distributed.P2POp, not an empty one")
    if any(each.group is not p2p_op_list[0].group for each in p2p_op_list):
        raise ValueError("all P2POp of a list must be of the same group")
    return [each.op(each.tensor, each.peer, each.group, each.tag) for each in p2p_op_list]


def _check_not_self(call, what, group, peer):
    if peer == group.rank():
        raise ValueError(
            f"{call}: {what} is this rank itself; only isend and irecv may go to the same rank"
        )


def _check_source(call, rank, group_rank):
    if rank is None and group_rank is None:
        raise NotImplementedError(
            f"{call} from whichever rank sends first is not simulated, for who that is would hang "
            "on chance in a deployment; say which rank with src="
        )
