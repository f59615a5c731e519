"""Back-off models read as a decoder reads their ARPA files."""

from collections.abc import Iterable, Sequence

from train.decoding.ngram import END, NEVER, START, Gram, Ngrams


def log_prob(model: Ngrams, history: Gram, token: str) -> float:
    """log10 p(token | history)."""
    history = history[len(history) - min(len(history), model.order - 1) :]
    found = model.log_probs.get((*history, token))
    if found is not None or not history:
        return NEVER if found is None else found
    return model.backoffs.get(history, 0.0) + log_prob(model, history[1:], token)


def sentence_log_prob(model: Ngrams, sentence: Sequence[str]) -> float:
    """log10 p(sentence), its end included."""
    padded = (START, *sentence, END)
    return sum(log_prob(model, padded[:at], padded[at]) for at in range(1, len(padded)))


def perplexity(model: Ngrams, sentences: Iterable[Sequence[str]]) -> float:
    """The perplexity per token, the ends of sentences included."""
    sentences = list(sentences)
    tokens = sum(len(sentence) + 1 for sentence in sentences)
    total = sum(sentence_log_prob(model, sentence) for sentence in sentences)
    return float(10 ** (-total / tokens))
