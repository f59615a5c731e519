import torch

from train.decoding.greedy import Decoded, decode_greedily


def test_repeats_merge_and_blanks_go():
    best = torch.tensor([[0, 3, 3, 0, 3, 5, 5, 0], [2, 2, 1, 0, 0, 7, 7, 7]])
    log_probs = torch.nn.functional.one_hot(best, 8).float().transpose(0, 1)
    assert decode_greedily(log_probs, torch.tensor([8, 5])) == [Decoded([3, 3, 5]), Decoded([2, 1])]


def test_a_row_of_blanks_is_empty():
    log_probs = torch.nn.functional.one_hot(torch.zeros(1, 4, dtype=torch.long), 3).float().transpose(0, 1)
    assert decode_greedily(log_probs, torch.tensor([4])) == [Decoded([])]
