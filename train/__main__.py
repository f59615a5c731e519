"""`python -m train` is `malsori-train`; torchrun needs this form."""

from train.cli import main

if __name__ == "__main__":
    main()
