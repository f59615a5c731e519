"""`python -m train` is `malsori-train`; torchrun starts it this way."""

from train.cli import main

if __name__ == "__main__":
    main()
