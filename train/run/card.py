"""The model card beside every checkpoint: what it is, what it was trained on, how to reproduce it.

Names of manifests, corpora and symbols come from strangers: they are written as plain text.
"""

from typing import Final

from pipeline.contract.text import plain_markdown, printable
from train.run.record import CheckpointRecord

CARD: Final = "README.md"


def model_card(record: CheckpointRecord) -> str:
    """Markdown for whoever finds the checkpoint's folder."""
    position, vocabulary = record.position, record.vocabulary
    per = "not measured" if position.valid_per is None else f"{100 * position.valid_per:.2f} %"
    trained = "\n".join(
        f"| {plain_markdown(manifest.name)} | {manifest.train_hours:.2f} |"
        f" {plain_markdown('; '.join(manifest.corpora))} |"
        f" `{manifest.content_sha256[:16]}` |"
        for manifest in record.manifests
    )
    warning = f" (Note: {plain_markdown(record.front_end_warning)}.)" if record.front_end_warning else ""
    command = " ".join(printable(record.command).split("\n"))  # indented on one line, nothing ends it
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    return f"""# Phone recogniser, {plain_markdown(vocabulary.language)}: step {position.step}

Recognises speech as {len(vocabulary.symbols)} IPA symbols ({plain_markdown(vocabulary.name)}), with CTC.
Phone error rate on the valid split: {per}. Steps skipped because a number was not finite: {position.skipped}.

## Trained on

| manifest | hours | corpora and licences | content |
| --- | --- | --- | --- |
{trained}

The weights are made of these recordings: their licences bind whoever passes the model on.
Recordings other than these (other rooms, microphones, ages, dialects) will be recognised worse.
Recordings are treated before they are recognised: {record.front_end.describe()}.{warning}

## How

{position.epoch} epochs and {position.step_in_epoch} steps, {record.ranks} process(es), with {versions}:

    {command}

```json
{record.settings.model_dump_json(indent=1)}
```

## Use

    malsori-train transcribe <this folder> recording.wav
    malsori-train evaluate <this folder> manifest.json --split test -o results
"""
