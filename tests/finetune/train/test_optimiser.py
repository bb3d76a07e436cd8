def test_small_steps_add_up_in_bfloat16():
    import torch

    from finetune.train.optimiser import MasterAdamW

    # One step of 1e-4 is lost in a bfloat16 weight of 1.0, whose neighbours are 0.004 away.
    weight = torch.nn.Parameter(torch.ones(4, dtype=torch.bfloat16))
    optimiser = MasterAdamW([weight], weight_decay=0.0)
    assert optimiser.size == 4
    for _ in range(100):
        weight.grad = torch.ones_like(weight)
        norm = optimiser.step(1e-4)
        assert weight.grad is None
    assert norm == 2.0
    assert float(weight.detach()[0]) < 0.995


def test_a_state_goes_on_where_it_was():
    import torch

    from finetune.train.optimiser import MasterAdamW

    def steps(optimiser, weight, numbers):
        for number in numbers:
            weight.grad = torch.tensor([1.0, -2.0]) * number
            optimiser.step(1e-2)

    straight, stopped, later = (torch.nn.Parameter(torch.zeros(2)) for _ in range(3))
    optimiser = MasterAdamW([straight], weight_decay=0.1)
    steps(optimiser, straight, range(1, 9))
    first = MasterAdamW([stopped], weight_decay=0.1)
    steps(first, stopped, range(1, 5))
    second = MasterAdamW([later], weight_decay=0.1)
    second.load(first.state())
    steps(second, later, range(5, 9))
    assert torch.equal(later, straight)
