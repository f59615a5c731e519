"""The trainer's own error, beside those of `pipeline.contract.errors`."""

from pipeline.contract.errors import MalsoriError


class TrainingDiverged(MalsoriError):
    """Too many steps in a row gave a loss or a gradient that is not finite."""

    exit_code = 7
