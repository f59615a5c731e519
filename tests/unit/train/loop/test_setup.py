import numpy as np
import pytest

from pipeline.contract.errors import InputRejected
from train.data.sources import open_sources
from train.loop.setup import set_up_training
from train.settings import read_settings


def test_manifests_are_mixed_by_weight(make_corpus, make_tones, micro):
    paths = [make_corpus(make_tones(30, "train", seed=seed), name=str(seed)) for seed in (0, 1)]
    sources = open_sources(paths)
    setup = set_up_training(sources, read_settings(str(micro), ["batching.weights=[2.0, 0.25]"]))
    seen = np.zeros((4, 60), int)
    for epoch in range(4):
        for (rows,) in setup.plan(epoch):
            np.add.at(seen[epoch], list(rows), 1)
    assert (seen[:, :30] == 2).all()
    assert (seen[:, 30:].sum(0) == 1).all()
    a_fourth = seen[:, 30:].sum(1)
    assert a_fourth.min() >= 3  # of 7.5 expected: not all of them in the same epoch
    assert a_fourth.max() <= 15
    with pytest.raises(InputRejected, match="1 numbers for 2 manifests"):
        set_up_training(sources, read_settings(str(micro), ["batching.weights=[2.0]"]))


def test_no_batch_is_larger_than_the_one_probed(tone_manifest, micro):
    settings = read_settings(str(micro), ["augment.speed_percents=[80, 100]"])
    setup = set_up_training(open_sources([tone_manifest]), settings)
    largest = setup.largest_batch()
    assert largest.pcm_NS.numel() <= 8 * 16_000
    assert largest.samples_N.tolist() == [largest.pcm_NS.size(1)] * len(largest.ids)
    for epoch in range(5):
        for (rows,) in setup.plan(epoch):
            longest = max(-(-setup.utterances.samples_R[row] * 100 // 80) for row in rows)
            assert len(rows) * longest <= 8 * 16_000
