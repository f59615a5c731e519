import itertools

import numpy as np
import pytest
from arpa import log_prob, perplexity
from requirements import needs_flashlight

from train.decoding.ngram import END, START, estimate


def markov(count, *, seed=0, symbols="abcdef"):
    """Sentences in which most symbols are decided by the one before."""
    random = np.random.default_rng(seed)
    sentences = []
    for _ in range(count):
        at = random.integers(len(symbols))
        sentence = []
        for _ in range(random.integers(0, 12)):
            at = (at * 2 + 1) % len(symbols) if random.random() < 0.8 else random.integers(len(symbols))
            sentence.append(symbols[at])
        sentences.append(sentence)
    return sentences


@pytest.mark.parametrize("order", [2, 3, 6])
@pytest.mark.parametrize("count", [1, 3, 400])
def test_probabilities_sum_to_one_after_any_history(order, count):
    tokens = "abcdefgh"  # g and h never occur
    model = estimate(markov(count), order=order, tokens=tokens)
    histories = [(), (START,), *itertools.product("abg", repeat=2), (START, "a", "b"), ("c", *"dafeb")]
    for history in histories:
        total = sum(10 ** log_prob(model, history, token) for token in (*tokens, END))
        assert total == pytest.approx(1, abs=1e-9)


def test_a_model_by_hand():
    model = estimate([["a", "b"]], order=2, tokens="ab")
    # Three continuations, each discounted by a half; the half freed goes to the uniform thirds.
    assert 10 ** log_prob(model, (), "a") == pytest.approx((0.5 + 1.5 / 3) / 3)
    assert 10 ** log_prob(model, (START,), "a") == pytest.approx(0.5 + 0.5 / 3)
    assert 10 ** log_prob(model, (START,), "b") == pytest.approx(0.5 / 3)


def test_perplexity_falls_with_order():
    train, held_out = markov(2000, seed=1), markov(100, seed=2)
    unigram, bigram = (
        perplexity(estimate(train, order=order, tokens="abcdef"), held_out) for order in (1, 2)
    )
    assert bigram < 0.75 * unigram < 0.75 * 7


def test_the_order_of_sentences_does_not_matter():
    sentences = markov(300)
    assert (
        estimate(sentences, order=4, tokens="abcdef").to_arpa()
        == estimate(sentences[::-1], order=4, tokens="abcdef").to_arpa()
    )


@needs_flashlight
def test_kenlm_reads_the_same_numbers(tmp_path):
    from train.decoding.beam import read_language_model

    model = estimate(markov(200), order=4, tokens="abcdefg")
    (tmp_path / "m.arpa").write_text(model.to_arpa())
    (tmp_path / "tokens").write_text("\n".join("gfedcba") + "\n")
    kenlm = read_language_model(tmp_path / "m.arpa", dictionary=tmp_path / "tokens").kenlm
    for sentence in markov(20, seed=3, symbols="abcdefg"):
        state, history = kenlm.start(False), (START,)
        for token in sentence:
            state, found = kenlm.score(state, "gfedcba".index(token))
            assert found == pytest.approx(log_prob(model, history, token), abs=1e-5)
            history = (*history, token)
        assert kenlm.finish(state)[1] == pytest.approx(log_prob(model, history, END), abs=1e-5)
