"""Pipeline parallel inference: each process has some layers, and micro-batches follow each other.

Plain torch.distributed that starts its own processes. Real, and simulated:

    python pipeline_stages.py
    pdscope lab run pipeline_stages.py --ranks 3
"""

import os

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

STAGES, LAYERS, WIDTH = 3, 9, 64
MICRO_BATCHES, ROWS = 4, 8


def layers():
    """The whole model, which each process makes alike."""
    torch.manual_seed(0)
    return [torch.nn.Linear(WIDTH, WIDTH) for _ in range(LAYERS)]


def forward(part, batch):
    """What some of the layers make of a batch."""
    for layer in part:
        batch = torch.tanh(layer(batch))
    return batch


def micro_batches():
    """What comes in at the first stage."""
    return torch.randn(
        MICRO_BATCHES, ROWS, WIDTH, generator=torch.Generator().manual_seed(1)
    ).unbind()


@torch.inference_mode()
def stage(rank, stages):
    """Receives from the stage before, computes, and sends to the next without waiting for it."""
    dist.init_process_group("gloo", rank=rank, world_size=stages)
    torch.set_num_threads(1)
    model = layers()
    mine = model[rank * LAYERS // stages : (rank + 1) * LAYERS // stages]
    coming = micro_batches() if rank == 0 else [torch.empty(ROWS, WIDTH)] * MICRO_BATCHES
    sent, results = [], []
    for number, batch in enumerate(coming):
        if rank > 0:
            dist.recv(batch, src=rank - 1, tag=number)
        result = forward(mine, batch)
        if rank < stages - 1:
            sent.append(dist.isend(result, dst=rank + 1, tag=number))
        else:
            results.append(result)
    for work in sent:
        work.wait()
    if results:
        alone = [forward(model, batch) for batch in micro_batches()]
        same = all(map(torch.equal, results, alone))
        print(f"{stages} stages give {'what one gives' if same else 'something else'}, bit for bit")
    dist.destroy_process_group()


if __name__ == "__main__":
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29533")
    mp.spawn(stage, args=(STAGES,), nprocs=STAGES)
