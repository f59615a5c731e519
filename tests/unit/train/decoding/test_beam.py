"""The flashlight decoder against brute force, and on outputs whose right answer is known."""

import itertools

import numpy as np
import pytest
import torch
from arpa import sentence_log_prob
from requirements import needs_flashlight

from pipeline.contract.vocabulary import KOREAN, Vocabulary
from train.decoding.beam import (
    Weights,
    beam_decoder,
    read_language_model,
    write_lexicon,
    write_tokens,
)
from train.decoding.greedy import decode_greedily
from train.decoding.ngram import estimate
from train.evaluation.metrics import Edits, count_edits

pytestmark = needs_flashlight

SMALL = Vocabulary("small", "xx", ("a", "b", "c"))


def random_log_probs(frames, classes, seed):
    generator = torch.Generator().manual_seed(seed)
    return (2 * torch.randn(frames, 1, classes, generator=generator)).log_softmax(2)


def brute_force(log_probs, score):
    """The labels whose paths have the highest total probability, their score included."""
    sums = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        labels = tuple(label for label, _ in itertools.groupby(path) if label)
        nats = sum(float(log_probs[t, label]) for t, label in enumerate(path))
        sums.setdefault(labels, []).append(nats)
    totals = {labels: float(np.logaddexp.reduce(nats)) + score(labels) for labels, nats in sums.items()}
    return list(max(totals, key=totals.get))


@pytest.mark.parametrize("seed", range(30))
def test_without_a_model_it_is_the_best_sum_of_paths(seed):
    log_probs = random_log_probs(5, 4, seed)
    (found,) = beam_decoder(SMALL, Weights(), beam=1000)(log_probs, torch.tensor([5]))
    assert found.labels == brute_force(log_probs[:, 0], lambda _: 0.0)


@pytest.mark.parametrize("seed", range(30))
def test_with_a_model_every_symbol_is_scored_from_the_first_to_the_end(seed, tmp_path):
    model = estimate([list("abc"), list("ab"), list("cab")], order=3, tokens=SMALL.symbols)
    (tmp_path / "m.arpa").write_text(model.to_arpa())
    write_tokens(tmp_path / "tokens", SMALL)
    kenlm = read_language_model(tmp_path / "m.arpa", dictionary=tmp_path / "tokens")
    weights = Weights(ngram=1.5, blank=-0.5)

    def score(labels):
        return weights.ngram * sentence_log_prob(model, SMALL.decode(labels))

    log_probs = random_log_probs(5, 4, seed)
    penalised = log_probs[:, 0] + torch.tensor([weights.blank, 0, 0, 0])
    (found,) = beam_decoder(SMALL, weights, beam=1000, model=kenlm)(log_probs, torch.tensor([5]))
    assert found.labels == brute_force(penalised, score)


def chains(count, seed):
    """Label sequences in which each symbol mostly decides the next one, so that an n-gram helps."""
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        row = [int(random.integers(1, 42))]
        for _ in range(random.integers(8, 20)):
            row.append(row[-1] * 5 % 41 + 1 if random.random() < 0.85 else int(random.integers(1, 42)))
        rows.append(row)
    return rows


def posteriors(rows, seed, *, sure=0.0):
    """Log-probabilities (T, N, V): a frame for each label and a blank after it, in noise."""
    random = np.random.default_rng(seed)
    frames = [2 * len(row) + 1 for row in rows]
    logits = random.normal(0, 1.0, (max(frames), len(rows), 42))
    logits[::2, :, 0] += 7
    for n, row in enumerate(rows):
        for at, label in enumerate(row):
            logits[2 * at + 1, n, label] += 2.2 + sure
    return torch.tensor(logits).float().log_softmax(2), torch.tensor(frames)


def error_rate(decode, rows, outputs):
    found = decode(*outputs)
    return sum((count_edits(row, each.labels) for row, each in zip(rows, found, strict=True)), Edits()).rate


def phone_decoder(folder, dictionary_symbols):
    model = estimate([KOREAN.decode(row) for row in chains(600, 1)], order=4, tokens=KOREAN.symbols)
    (folder / "m.arpa").write_text(model.to_arpa())
    tokens = Vocabulary("tokens", "ko", tuple(dictionary_symbols))
    write_tokens(folder / "tokens", tokens)
    kenlm = read_language_model(folder / "m.arpa", dictionary=folder / "tokens")
    return beam_decoder(KOREAN, Weights(ngram=1.0, blank=-0.5), beam=30, model=kenlm)


def test_the_phone_model_mends_what_the_network_doubts(tmp_path):
    rows = chains(40, seed=2)
    outputs = posteriors(rows, seed=3)
    greedy = error_rate(decode_greedily, rows, outputs)
    assert 0.1 < greedy < 0.5
    assert error_rate(phone_decoder(tmp_path, KOREAN.symbols), rows, outputs) < 0.75 * greedy


def test_the_same_in_a_wrong_order_does_harm(tmp_path):
    """Proves that the test above would notice a dictionary in another order than the ids."""
    rows = chains(40, seed=2)
    outputs = posteriors(rows, seed=3)
    greedy = error_rate(decode_greedily, rows, outputs)
    assert error_rate(phone_decoder(tmp_path, sorted(KOREAN.symbols)), rows, outputs) > greedy


def words_decoder(folder, pronunciations, sentences, *, word=0.0):
    model = estimate(sentences, order=2, tokens=list(pronunciations))
    (folder / "words.arpa").write_text(model.to_arpa())
    write_lexicon(folder / "lexicon", folder / "words", pronunciations, SMALL)
    kenlm = read_language_model(folder / "words.arpa", dictionary=folder / "words")
    weights = Weights(ngram=0.5, word=word)
    return beam_decoder(SMALL, weights, beam=100, model=kenlm, lexicon=folder / "lexicon")


def certain(path):
    return torch.nn.functional.one_hot(torch.tensor(path), 4).float().mul(20).log_softmax(1).unsqueeze(1)


def test_words_are_spelled_and_homophones_told_apart_by_their_neighbours(tmp_path):
    pronunciations = {"가": [(1, 2)], "나": [(1, 2)], "다": [(3,)], "라": [(3, 1)]}
    decode = words_decoder(tmp_path, pronunciations, [("가", "라")] * 5 + [("나", "다")] * 5)
    (found,) = decode(certain([1, 2, 0, 3]), torch.tensor([4]))
    assert (found.words, found.labels) == (("나", "다"), [1, 2, 3])
    (found,) = decode(certain([1, 2, 0, 3, 1]), torch.tensor([5]))
    assert (found.words, found.labels) == (("가", "라"), [1, 2, 3, 1])


@pytest.mark.parametrize("held", [1, 2, 3, 6])
def test_the_last_symbol_of_a_word_may_last(tmp_path, held):
    decode = words_decoder(tmp_path, {"가": [(1, 2)], "다": [(3,)]}, [("가", "다"), ("다", "가")])
    path = [1, *[2] * held, *[3] * held]
    (found,) = decode(certain(path), torch.tensor([len(path)]))
    assert (found.words, found.labels) == (("가", "다"), [1, 2, 3])


def test_rows_end_at_their_own_frames():
    log_probs = torch.cat([certain([1, 0, 2, 0, 3]), certain([1, 0, 2, 0, 3])], 1)
    first, second = beam_decoder(SMALL, Weights(), beam=10)(log_probs, torch.tensor([3, 5]))
    assert (first.labels, second.labels) == ([1, 2], [1, 2, 3])
