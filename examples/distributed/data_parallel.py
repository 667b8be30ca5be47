"""Data parallel training by hand: each rank has its share of a batch; gradients are averaged.

Plain torch.distributed, nothing of ours. On two processes, and on four simulated ranks:

    torchrun --nproc-per-node 2 data_parallel.py
    pdscope lab run data_parallel.py --ranks 4
"""

import torch
import torch.distributed as dist

SAMPLES, FEATURES, STEPS, RATE = 240, 32, 20, 0.1


def average_gradients(model):
    """What each rank has learnt becomes what all have learnt: all are under way at once."""
    under_way = [
        dist.all_reduce(parameter.grad, op=dist.ReduceOp.SUM, async_op=True)
        for parameter in model.parameters()
    ]
    for work in under_way:
        work.wait()
    for parameter in model.parameters():
        parameter.grad /= dist.get_world_size()


def main():
    dist.init_process_group("gloo")
    rank, ranks = dist.get_rank(), dist.get_world_size()

    # The same data everywhere, of which each rank takes its share.
    data = torch.Generator().manual_seed(0)
    inputs = torch.randn(SAMPLES, FEATURES, generator=data)
    targets = inputs @ torch.randn(FEATURES, 1, generator=data)
    inputs, targets = inputs[rank::ranks], targets[rank::ranks]

    # Each rank draws weights of its own, and takes those of rank 0.
    torch.manual_seed(rank)
    model = torch.nn.Sequential(
        torch.nn.Linear(FEATURES, 64), torch.nn.Tanh(), torch.nn.Linear(64, 1)
    )
    for parameter in model.parameters():
        dist.broadcast(parameter.data, src=0)

    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(inputs), targets)
        loss.backward()
        average_gradients(model)
        optimizer.step()
        if step % 5 == 0:
            total = loss.detach() / ranks
            dist.reduce(total, dst=0)
            if rank == 0:
                print(f"step {step:2}: loss {total.item():.4f}")

    weights = torch.cat([parameter.data.flatten() for parameter in model.parameters()])
    everybody_s = [torch.empty_like(weights) for _ in range(ranks)]
    dist.all_gather(everybody_s, weights)
    if rank == 0:
        same = all(torch.equal(weights, others) for others in everybody_s)
        print(f"weights of all ranks are {'the same' if same else 'different'}")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
