"""What a training step needs, from the rows it may use to the new weights.

    setup        the usable rows, the model, the plan of every epoch
    loader       batches prepared ahead of time
    step         one optimiser step, taken completely or not at all
    optim        the loss, the optimiser, the learning rate, the averaged weights
    distributed  the device, and several processes that take the same steps

The loop itself is in run/trainer.py.
"""
